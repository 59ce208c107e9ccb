/* /version: what is compatible (numbers) and what this really is (the rest). */
#include "worker/handlers/handlers.h"

#include <sys/utsname.h>
#include "worker/request/status.h"

#if defined(__x86_64__)
#define ARCH "amd64"
#elif defined(__aarch64__)
#define ARCH "arm64"
#else
#define ARCH "unknown"
#endif
#if defined(__clang__)
#define COMPILER "clang"
#else
#define COMPILER "gcc"
#endif
#ifndef CUBED_COMMIT
#define CUBED_COMMIT ""
#endif
#ifndef CUBED_BUILD_DATE
#define CUBED_BUILD_DATE ""
#endif

static const char version[] = "{\"major\":\"1\",\"minor\":\"36\","
                              "\"emulationMajor\":\"1\",\"emulationMinor\":\"36\","
                              "\"minCompatibilityMajor\":\"1\",\"minCompatibilityMinor\":\"35\","
                              "\"gitVersion\":\"v" CUBED_VERSION "\",\"gitCommit\":\"" CUBED_COMMIT "\","
                              "\"gitTreeState\":\"clean\",\"buildDate\":\"" CUBED_BUILD_DATE "\","
                              "\"goVersion\":\"none\",\"compiler\":\"" COMPILER "\","
                              "\"platform\":\"linux/" ARCH "\"}";

enum stage_result handler_version(struct request *rq)
{
    static const struct accept indented = {
        .media = MEDIA_JSON, .pretty = 2, .content_type = "application/json"};
    response_json(rq, 200, &indented, NULL, (struct str){version, sizeof(version) - 1});
    return STAGE_DONE;
}
