/* What is called after a crash and from constructors can be handed nothing: this holds a static. */
#include <torc/coverage.h>

#include <stddef.h>

static struct torc_coverage_image *images;

void torc_coverage_add(struct torc_coverage_image *image)
{
    image->next = images;
    images = image;
}

void torc_coverage_remove(struct torc_coverage_image *image)
{
    struct torc_coverage_image **at = &images;

    while (*at != NULL && *at != image)
        at = &(*at)->next;
    if (*at != NULL)
        *at = image->next;
}

void torc_coverage_write(void)
{
    for (struct torc_coverage_image *image = images; image != NULL; image = image->next)
        image->write();
}

void torc_coverage_forget(void)
{
    for (struct torc_coverage_image *image = images; image != NULL; image = image->next)
        image->forget();
}

bool torc_coverage_is_counted(void)
{
    return images != NULL;
}
