#include <stddef.h>

#include "reactor_state.h"

_Static_assert(offsetof(struct torc_reactor, marks) == 0, "torc_marks_are_observed looks there");

void torc_reactor_observe_marks(struct torc_reactor *reactor, struct torc_mark_observer *observer)
{
    torci_reactor_check(reactor, TORC_HERE);
    reactor->marks = observer;
}

void torc_mark_hit(struct torc_reactor *reactor, const struct torc_mark *mark, bool held)
{
    if (reactor->marks)
        reactor->marks->mark(reactor->marks, mark, held);
}

void torc_point_reach(struct torc_reactor *reactor, const char *name)
{
    if (reactor->marks && reactor->marks->point)
        reactor->marks->point(reactor->marks, name);
}
