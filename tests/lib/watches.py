"""Many plain watches of one path, each on a connection of its own that goes on from the last version it saw.

    watches = Watches(server, path, since, 100)      # a thread; start() it
    watches.all[i].seen                              # [(resourceVersion, type, name)], each longer than the one before
    watches.all[i].values                            # resourceVersion -> data.v of a ConfigMap, or None
    watches.all[i].wrong, .broken                    # what a watch may never see; how often a stream ended

Only the standard library."""
import asyncio
import re
import threading

from cubed import TOKEN, Failure

EVENT = re.compile(rb'^\{"type":"([A-Z]+)".*?"resourceVersion":"(\d+)"')
NAME = re.compile(rb'"name":"([^"]+)"')
VALUE = re.compile(rb'"data":\{"v":"([^"]*)"')


class Watch:
    """One stream; reconnects from the last version seen, never from anywhere else."""

    def __init__(self, server, path, since):
        self.server, self.path, self.rv, self.since = server, path, since, since
        self.seen, self.values, self.broken, self.wrong = [], {}, 0, []

    async def stream(self):
        reader, writer = await asyncio.open_connection('127.0.0.1', self.server.port, ssl=self.server.tls, limit=1 << 20)
        try:
            writer.write(('GET %s?watch=true&resourceVersion=%d&timeoutSeconds=3000 HTTP/1.1\r\nHost: x\r\n'
                          'Authorization: Bearer %s\r\n\r\n' % (self.path, self.rv, TOKEN)).encode())
            head = await reader.readuntil(b'\r\n\r\n')
            status = int(head.split(b' ', 2)[1])
            if status >= 500 or status == 429:
                return  # not now
            if status != 200:
                raise Failure('watch refused: %r' % head[:200])
            rest = b''
            while True:
                size = int((await reader.readline()) or b'0', 16)
                if size == 0:
                    return
                rest += (await reader.readexactly(size + 2))[:-2]
                *lines, rest = rest.split(b'\n')
                for line in lines:
                    self.event(line)
        finally:
            writer.close()

    def event(self, line):
        m = EVENT.match(line)
        if not m or m.group(1) == b'ERROR':
            self.wrong.append(line[:300])
            return
        rv = int(m.group(2))
        if rv <= self.rv:
            self.wrong.append(b'version %d after %d, %r then %s' % (rv, self.rv, self.seen[-3:], line[:120]))
        self.rv = rv
        value = VALUE.search(line)
        self.values[rv] = value.group(1).decode() if value else None
        self.seen.append((rv, m.group(1).decode(), NAME.search(line).group(1).decode()))

    async def run(self):
        while True:
            try:
                await self.stream()
            except (OSError, asyncio.IncompleteReadError, ValueError):
                pass
            self.broken += 1
            await asyncio.sleep(0.05)


class Watches(threading.Thread):
    def __init__(self, server, path, since, count):
        super().__init__(daemon=True)
        self.all = [Watch(server, path, since) for _ in range(count)]

    def run(self):
        async def main():
            await asyncio.gather(*(w.run() for w in self.all))
        asyncio.run(main())
