/* What systemd (or anyone behind NOTIFY_SOCKET) is told; sd_notify(3), sd_watchdog_enabled(3). Without
 * NOTIFY_SOCKET all of this does nothing. */
#ifndef MASTER_NOTIFY_H
#define MASTER_NOTIFY_H

#include <stdint.h>

void notify_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void notify_ready(const char *status);
/* Followed by notify_ready when done. */
void notify_reloading(void);
void notify_stopping(void);
void notify_watchdog(void);
/* How often notify_watchdog is wanted: half of WATCHDOG_USEC in ms; 0: not at all. */
int64_t notify_watchdog_ms(void);

#endif
