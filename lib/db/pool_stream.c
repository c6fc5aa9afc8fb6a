/* pool_stream.c - rows piece by piece: a job reads a piece, the consumer gets it, the next job is asked for.
 *
 * Between two pieces the statement stays open on its connection, which is the stream's until the end. */
#include "pool_state.h"

/* --- inside the job ----------------------------------------------------------------------------- */

static bool piece_is_full(const struct torc_row_stream *stream)
{
    const struct torc_rows *piece = stream->piece;
    return piece->row_count >= stream->rows_max || piece->bytes >= stream->bytes_max;
}

static int read_piece(struct torc_row_stream *stream)
{
    struct torci_connection *connection = stream->request->connection;
    stream->piece = torci_rows_new(connection->database->platform);
    if (!stream->piece)
        return torci_sql_error_set(connection, TORC_ENOMEM, "out of memory");
    while (!piece_is_full(stream)) {
        int status = torci_sql_run_step(&stream->run);
        if (status == 1)
            status = torci_sql_run_copy_row(&stream->run, stream->piece);
        else if (status == 0)
            stream->over = true;
        if (status < 0)
            return status;
        if (stream->over)
            return 0;
    }
    return 0;
}

/* What an attempt that failed has left. */
static void forget_attempt(struct torc_row_stream *stream)
{
    torc_rows_free(stream->piece);
    stream->piece = NULL;
    stream->over = false;
}

int torci_stream_work(struct torc_row_stream *stream)
{
    struct torci_request *request = stream->request;
    struct torci_connection *connection = request->connection;
    int error = 0;
    if (!stream->begun)
        forget_attempt(stream);
    if (!stream->begun)
        error = torci_sql_run_begin(&stream->run, connection, request->sql, request->parameters,
                                request->parameter_count, TORCI_RUN_READ);
    else if (stream->stopping) /* what is cancelled while a job reads is interrupted by SQLite */
        stream->over = true;
    if (error == 0 && !stream->over)
        error = read_piece(stream);
    stream->begun = true;
    if (error)
        stream->over = true;
    if (!stream->over)
        return 0;
    int end_error = torci_sql_run_finish(&stream->run);
    stream->begun = false; /* another attempt begins anew */
    return torci_request_end_stray_transaction(request, error ? error : end_error);
}

/* --- on the reactor's thread -------------------------------------------------------------------- */

static void end(struct torc_row_stream *stream)
{
    struct torc_failure *failure = stream->failure;
    stream->failure = NULL;
    torci_request_end(stream->request, failure);
}

static void read_on(struct torc_row_stream *stream)
{
    struct torci_request *request = stream->request;
    int error = torci_request_run(request);
    if (error == 0)
        return;
    if (!stream->failure)
        stream->failure =
            torc_failure_of_code_at(request->site, request->pool->scope, error, "reading on");
    (void)torci_sql_run_finish(&stream->run);
    end(stream);
}

void torci_stream_stop(struct torc_row_stream *stream)
{
    if (stream->telling) /* goes on when the consumer returns */
        return;
    stream->stopping = true;
    read_on(stream);
}

static void tell(struct torc_row_stream *stream)
{
    struct torc_rows *piece = stream->piece;
    stream->piece = NULL;
    if (piece && torc_rows_count(piece) > 0 && stream->request->wanted) {
        stream->telling = true;
        stream->failure = stream->consumer->rows(stream->consumer, stream, piece, stream->told);
        stream->telling = false;
        stream->told += torc_rows_count(piece);
    }
    torc_rows_free(piece);
}

void torci_stream_piece_done(struct torc_row_stream *stream)
{
    struct torci_request *request = stream->request;
    request->state = TORCI_REQUEST_PAUSED;
    if (request->code == 0)
        tell(stream);
    if (stream->over || request->code) /* it may not have begun */
        end(stream);
    else if (stream->failure || !request->wanted)
        torci_stream_stop(stream);
    else if (!stream->paused)
        read_on(stream);
}

void torc_row_stream_pause(struct torc_row_stream *stream)
{
    stream->paused = true;
}

void torc_row_stream_resume(struct torc_row_stream *stream)
{
    bool was_paused = stream->paused;
    stream->paused = false;
    /* While a job has it, nothing else is looked at. */
    if (was_paused && stream->request->state == TORCI_REQUEST_PAUSED && stream->begun &&
        !stream->telling)
        read_on(stream);
}

void torci_stream_free(struct torc_row_stream *stream)
{
    if (!stream)
        return;
    torc_rows_free(stream->piece);
    torc_failure_drop(stream->failure);
    torc_release(stream->request->pool->scope, stream, sizeof *stream);
}
