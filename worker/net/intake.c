/* A length a client announces is believed only as far as bytes have come. */
#include "worker/net/intake.h"

void intake_begin(struct intake *in, struct request *rq, bool has_body, int64_t length)
{
    rq->has_body = has_body;
    rq->content_length = length;
    rq->body_complete = !has_body;
    rq->body_too_large = has_body && length > (int64_t)REQUEST_BODY_BYTES_MAX;
}

bool intake_take(struct intake *in, struct request *rq, const char *p, size_t n)
{
    if (rq->body_too_large)
        return false;
    if (in->buf.n + n > REQUEST_BODY_BYTES_MAX) {
        rq->body_too_large = true;
        buf_free(&in->buf);
        return true;
    }
    buf_put(&in->buf, p, n);
    if (in->buf.n - in->marked < INTAKE_PROGRESS_BYTES)
        return false;
    in->marked = in->buf.n;
    return true;
}

void intake_end(struct intake *in, struct request *rq)
{
    if (rq->body_too_large)
        return;
    rq->body = buf_view(&in->buf);
    rq->body_complete = true;
}

bool intake_ready(struct intake *in, const struct request *rq)
{
    if (!in->wanted || in->resumed || (!rq->body_complete && !rq->body_too_large))
        return false;
    in->resumed = true;
    return true;
}

void intake_free(struct intake *in)
{
    buf_free(&in->buf);
}
