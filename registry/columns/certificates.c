/* Certificate signing requests: the state is what the conditions and the certificate say together. */
#include "registry/columns/rows.h"

#include "registry/columns/age.h"

static void put_state(struct cells *c, const json_t *obj)
{
    struct buf *b = cell_open(c);
    if (condition_of(obj, "status.conditions", "Denied"))
        buf_puts(b, "Denied");
    else
        buf_puts(b, condition_of(obj, "status.conditions", "Approved") ? "Approved" : "Pending");
    if (condition_of(obj, "status.conditions", "Failed"))
        buf_puts(b, ",Failed");
    if (tree_str(obj, "status.certificate").n)
        buf_puts(b, ",Issued");
    cell_close(c, "");
}

static void put_request(struct cells *c, const json_t *obj)
{
    const json_t *seconds = tree_get(obj, "spec.expirationSeconds");
    char asked[AGE_TEXT_BYTES] = "<none>";
    if (seconds)
        age_text(asked, json_integer_value(seconds) * 1000000);
    cell_name(c, obj);
    cell_age(c, obj);
    cell_at(c, obj, "spec.signerName", "<none>");
    cell_at(c, obj, "spec.username", "");
    cell_text(c, asked);
    put_state(c, obj);
}

static const struct column request_columns[] = {
    COLUMN_NAME,
    COLUMN_AGE,
    {TEXT("SignerName"), "Who is to sign."},
    {TEXT("Requestor"), "User that made the request."},
    {TEXT("RequestedDuration"), "How long the certificate shall be valid."},
    {TEXT("Condition"), "Whether it is approved, denied, failed or issued."},
};

static const struct columns rows[] = {
    ROW("certificates.k8s.io", "certificatesigningrequests", request_columns, put_request),
};

const struct columns_rows columns_rows_certificates = COLUMNS_ROWS(rows);
