#!/usr/bin/env python3
"""HALF_OPEN (10000) connections that say nothing, a fifth as many that stop inside the handshake, a tenth idle after it:
ordinary requests stay fast meanwhile, each costs little memory, all are dropped after the time-outs, and what is over
--max-connections is closed at once. With fewer descriptors than that allowed, fewer are used; the figures say how many."""
import os
import resource
import select
import socket
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Server, check, run  # noqa: E402
from hostile import SAN, SLOW, anonymous_bytes, client_hello  # noqa: E402

HALF_OPEN = int(os.environ.get('HALF_OPEN', '10000'))
HALF_OPEN_BYTES = 24 << 10
DROP_S = int(20 * SLOW)  # time enough to open them all on a busy machine


def descriptors():
    """Raises the limit, for the server to inherit; returns how many this process may have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for wanted in (65536, hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
            return wanted
        except (ValueError, OSError):
            pass
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def open_many(server, n, net, first=b'', tls=None):
    """n connections from 127.0.NET.x; with tls a handshake on each."""
    out = []
    for i in range(n):
        source = '127.0.%d.%d' % (net, 1 + i % 200)
        s = socket.create_connection(('127.0.0.1', server.port), timeout=30, source_address=(source, 0))
        if first:
            s.sendall(first)
        out.append(tls.wrap_socket(s, server_hostname='127.0.0.1') if tls else s)
    return out


def settled(server):
    """Until the workers have taken what waits."""
    time.sleep(0.5)
    return anonymous_bytes(server.children()['worker'])


def requests(server, n):
    """Seconds of n ordinary requests, half of them on new connections."""
    took, keep = [], server.api()
    for i in range(n):
        api = keep if i % 2 else server.api()
        start = time.monotonic()
        status, _ = api.get('/api/v1/namespaces/default')
        took.append(time.monotonic() - start)
        check(status == 200, 'an ordinary GET is answered %d' % status)
        if api is not keep:
            api.close()
    keep.close()
    return sorted(took)


def closed(socks, within):
    """How many the server has closed within that many seconds."""
    poll, left, end = select.poll(), {}, time.monotonic() + within
    for s in socks:
        s.setblocking(False)
        left[s.fileno()] = s
        poll.register(s, select.POLLIN)
    while left and time.monotonic() < end:
        for fd, _ in poll.poll(200):
            try:
                data = left[fd].recv(65536)
            except ssl.SSLWantReadError:
                continue
            except OSError:
                data = b''
            if not data:
                poll.unregister(fd)
                left.pop(fd).close()
    for s in left.values():
        s.close()
    return len(socks) - len(left)


def many_connections():
    allowed = descriptors()
    scale = min(1.0, (allowed - 1000) / (HALF_OPEN * 1.3))
    silent, cut, idle = int(HALF_OPEN * scale), int(HALF_OPEN * scale / 5), int(HALF_OPEN * scale / 10)
    with Server('--header-timeout=%ds' % DROP_S, '--idle-timeout=%ds' % DROP_S) as server:
        pids, hello, costs = server.children(), client_hello(), []
        alone = requests(server, 200)
        start, before, held = time.monotonic(), settled(server), []
        for n, net, first, tls in ((silent, 1, b'', None), (cut, 2, hello, None), (idle, 3, b'', server.tls)):
            held.append(open_many(server, n, net, first, tls))
            after = settled(server)
            costs.append((after - before) / n)
            before = after
        busy = requests(server, 200)
        took = time.monotonic() - start
        check(took < DROP_S, 'opening took %.0f s, too long for this test' % took)
        print('# %d silent: %.1f KiB each; %d inside the handshake: %.1f KiB; %d idle after it: %.1f KiB; opened in %.1f s' %
              (silent, costs[0] / 1024, cut, costs[1] / 1024, idle, costs[2] / 1024, took))
        print('# requests: median %.1f ms, p99 %.1f ms; before: %.1f, %.1f' %
              tuple(1000 * v for v in (busy[100], busy[198], alone[100], alone[198])))
        check(SAN or costs[0] < HALF_OPEN_BYTES, 'a silent connection costs %d bytes' % costs[0])
        check(busy[100] < 0.05 * SLOW and busy[198] < 0.5 * SLOW, 'requests take %.0f ms, p99 %.0f ms' % (busy[100] * 1000, busy[198] * 1000))
        for name, socks in zip(('silent', 'cut', 'idle'), held):
            check(closed(socks, DROP_S + 5 * SLOW) == len(socks), 'some %s connections stay' % name)
        check(server.children() == pids and 'died' not in server.log(), 'children were replaced: ' + server.log()[-1000:])
        time.sleep(1)
        print('# afterwards the workers hold %.1f MiB' % (settled(server) / 1048576))
        requests(server, 20)


def what_is_over_is_closed():
    with Server('--workers=1', '--max-connections=100') as server:
        time.sleep(0.3)
        held = open_many(server, 100, 4)
        time.sleep(0.5)
        over = open_many(server, 50, 5)
        check(closed(over, 3 * SLOW) == 50, 'what is over --max-connections stays')
        for s in held:
            s.close()
        time.sleep(0.5)
        requests(server, 20)


run(many_connections, what_is_over_is_closed)
