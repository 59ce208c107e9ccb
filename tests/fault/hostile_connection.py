#!/usr/bin/env python3
"""Connections that break TLS, HTTP/1.1 and HTTP/2: cut, garbage, floods, contradictions, silence. Each ends with an error
or a closed connection in bounded time and memory, and nothing else notices. VERBOSE=1 prints each attack's figures."""
import contextlib
import os
import random
import socket
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import TOKEN, check, run  # noqa: E402
from hostile import MAPS, SLOW, Target, client_hello, head  # noqa: E402

MIB = 1 << 20
TIMEOUT = '--header-timeout=1s'
DROPPED = 3.5  # a time-out of 1 s, looked at every quarter of one, on a busy machine


def broken_tls():
    hello, rng = client_hello(), random.Random(3)
    with Target(TIMEOUT) as t:
        with t.attack('hello cut and closed', 20):
            for n in list(range(0, 64)) + list(range(64, len(hello) + 1, 7)):
                s = t.tcp()
                s.sendall(hello[:n])
                s.close()
        with t.attack('hello cut and silence', 15):
            socks = []
            for n in list(range(0, 64, 3)) + list(range(64, len(hello) + 1, 31)):
                s = t.tcp(DROPPED)
                s.sendall(hello[:n])
                socks.append((n, s))
            for n, s in socks:
                answer = t.send(sock=s, silence=DROPPED)
                check(answer.closed, 'a connection that stopped after %d bytes of its hello stays' % n)
        with t.attack('hello byte by byte', 15):
            answer = t.send(*[bytes([b]) for b in hello[:200]], sock=t.tcp(), pause=0.02, silence=DROPPED)
            check(answer.closed and answer.seconds < 6 * SLOW, 'still open')
        with t.attack('garbage instead of TLS', 10):
            for i in range(200):
                s = t.tcp(DROPPED)
                s.sendall(rng.randbytes(rng.randrange(1, 3000)))
                s.close()
            answer = t.send(rng.randbytes(MIB), sock=t.tcp(), silence=DROPPED)
            check(answer.closed, 'still open')
        with t.attack('broken hellos', 15):
            for i in range(300):
                broken = bytearray(hello)
                for _ in range(rng.randrange(1, 10)):
                    broken[rng.randrange(5 if i % 2 else 0, len(broken))] = rng.randrange(256)
                s = t.tcp(DROPPED)
                s.sendall(broken)
                s.close()
        with t.attack('records of all types'):
            for kind in range(256):
                s = t.tcp(DROPPED)
                s.sendall(bytes([kind, 3, 3, 0xff, 0xff]) + b'x' * 1000)
                s.close()
        with t.attack('hello without end', 15):
            answer = t.send(*[b'\x16\x03\x01\x40\x00' + b'\x01\xff\xff\xff' + b'\0' * 16380] * 100, sock=t.tcp(), silence=DROPPED)
            check(answer.closed, 'still open')
        for method in (b'GET', b'POST', b'HEAD', b'OPTIONS', b'PUT'):
            with t.attack('plain %s on the TLS port' % method.decode()):
                answer = t.send(method + b' / HTTP/1.1\r\nHost: x\r\n\r\n', sock=t.tcp(), silence=DROPPED)
                check(answer.closed and answer.data.startswith(b'HTTP/1.0 400'), 'answered %r' % answer.data[:80])
        with t.attack('plain bytes after the handshake'):
            s = t.tls()
            raw = socket.socket(fileno=os.dup(s.fileno()))
            raw.sendall(b'GET / HTTP/1.1\r\n\r\n' * 100)
            check(t.send(sock=s, silence=DROPPED).closed, 'still open')
            raw.close()
        with t.attack('unknown ALPN'):
            with contextlib.suppress(OSError):
                t.tls(alpn=['spdy/1']).close()
        with t.attack('silence after the handshake', 15):
            check(t.send(sock=t.tls(), silence=DROPPED).closed, 'still open')
            check(t.send(sock=t.tls(alpn=['h2']), silence=DROPPED).closed, 'HTTP/2 still open')


def post(extra, body=b''):
    return head('POST', MAPS, b'Content-Type: application/json\r\n' + extra + b'\r\n' + body)


def broken_http1():
    good, rng = head(extra=b'\r\n'), random.Random(4)
    with Target(TIMEOUT) as t:
        for name, data, codes in (
                ('header of 1 MiB', head(extra=b'X: ' + b'x' * MIB + b'\r\n\r\n'), (431,)),
                ('name of 1 MiB', head(extra=b'x' * MIB + b': x\r\n\r\n'), (431,)),
                ('100,000 headers', head(extra=b''.join(b'X-%d: y\r\n' % i for i in range(100000)) + b'\r\n'), (431,)),
                ('100,000 empty headers', head(extra=b'a:\r\n' * 100000 + b'\r\n'), (431,)),
                ('request line of 1 MiB', b'GET /' + b'a' * MIB + b' HTTP/1.1\r\nHost: x\r\n\r\n', (431,)),
                ('method of 1 MiB', b'G' * MIB + b' / HTTP/1.1\r\n\r\n', (400,)),
                ('garbage', b'\x00\x01\x02 garbage \xff\r\n\r\n', (400,)),
                ('HTTP/2 preface over HTTP/1.1', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', (400, 505)),
                ('HTTP/9.9', b'GET / HTTP/9.9\r\nHost: x\r\n\r\n', (400, 505)),
                ('no host', b'GET / HTTP/1.1\r\n\r\n', (400,)),
                ('two hosts', b'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', (400,)),
                ('NUL in a header', head(extra=b'X: a\0b\r\n\r\n'), (400,)),
                ('NUL in the path', b'GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n', (400,)),
                ('blank before the colon', head(extra=b'Content-Length : 5\r\n\r\n12345'), (400,)),
                ('folded header', head(extra=b'Connection: close\r\nX: a\r\n b\r\n\r\n'), (200, 400)),
                ('bare CR', head(extra=b'X: a\rY: b\r\n\r\n'), (400,)),
                ('both lengths', post(b'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', b'0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n'), (400,)),
                ('both lengths, other order', post(b'Transfer-Encoding: chunked\r\nContent-Length: 6\r\n', b'0\r\n\r\nG'), (400,)),
                ('two lengths', post(b'Content-Length: 6\r\nContent-Length: 5\r\n', b'123456'), (400,)),
                ('a list of lengths', post(b'Content-Length: 6, 5\r\n', b'123456'), (400,)),
                ('negative length', post(b'Content-Length: -1\r\n'), (400,)),
                ('length with a sign', post(b'Content-Length: +5\r\n', b'12345'), (400,)),
                ('length in hexadecimal', post(b'Content-Length: 0x5\r\n', b'12345'), (400,)),
                ('length beyond 64 bits', post(b'Content-Length: 99999999999999999999999\r\n'), (400,)),
                ('length of 2^63', post(b'Content-Length: 9223372036854775807\r\n'), (413,)),
                ('length of 2^64-2', post(b'Content-Length: 18446744073709551614\r\n'), (400, 413)),
                ('unknown coding', post(b'Transfer-Encoding: gzip\r\n', b'x' * 10), (400, 501)),
                ('chunked twice', post(b'Transfer-Encoding: chunked, chunked\r\n', b'0\r\n\r\n'), (400, 501)),
                ('chunked and more', post(b'Transfer-Encoding: chunked, identity\r\n', b'0\r\n\r\n'), (400, 501)),
                ('hidden chunked', post(b'Transfer-Encoding: xchunked\r\n', b'0\r\n\r\n'), (400, 501)),
                ('vertical tab', post(b'Transfer-Encoding: \x0bchunked\r\nContent-Length: 5\r\n', b'0\r\n\r\n'), (400, 501)),
                ('3 MiB and more', post(b'Content-Length: %d\r\n' % (3 * MIB + 1), b' ' * (3 * MIB + 1)), (413,)),
                ('100 MiB announced', post(b'Content-Length: %d\r\n' % (100 * MIB), b' ' * MIB), (413,)),
                ('100 MiB in chunks', post(b'Transfer-Encoding: chunked\r\n', b'10000\r\n' + b' ' * 65536 + b'\r\n'), None),
                ('expectation of more', post(b'Expect: 200-ok\r\nContent-Length: 1\r\n'), (417,))):
            with t.attack('HTTP/1.1: ' + name, 15):
                pieces = [data]
                if codes is None:
                    codes, pieces = (413,), [data] + [data[data.index(b'10000\r\n'):]] * 1600
                answer = t.send(*pieces, silence=DROPPED)
                check(answer.closed, 'the connection stays open after %r' % answer.data[:60])
                # a server that closes while we still write may take its own answer with it
                check(answer.status() in codes or (not answer.data and len(data) > MIB // 2), 'answered %r' % answer.data[:60])
                check(answer.data.count(b'HTTP/1.1 ') <= 1, 'two answers: %r' % answer.data[:400])
        with t.attack('HTTP/1.1: bad chunk sizes', 60):
            for size in (b'g', b'-1', b'0x1', b'1 1', b'ffffffffffffffffff', b'7fffffffffffffff', b'', b'1;' + b'x' * 100000, b'\xff', b'1\n'):
                answer = t.send(post(b'Transfer-Encoding: chunked\r\n', size + b'\r\nx\r\n'), silence=DROPPED)
                check(answer.closed, '%r: still open' % size[:20])
                check(answer.status() in (None, 400, 413, 431), '%r: %r' % (size[:20], answer.data[:60]))
        with t.attack('HTTP/1.1: trailers without end', 15):
            answer = t.send(post(b'Transfer-Encoding: chunked\r\n', b'2\r\n{}\r\n0\r\n'), *[b'X: y\r\n' * 10000] * 100, silence=DROPPED)
            check(answer.closed, 'still open')
        with t.attack('HTTP/1.1: header without end', 15):
            answer = t.send(head(), *[b'x' * 1024] * 10000, silence=DROPPED)
            check(answer.closed and answer.status() in (431, None), 'answered %r' % answer.data[:60])
        with t.attack('HTTP/1.1: random bytes in a request', 30):
            for _ in range(300):
                broken = bytearray(good)
                for _ in range(rng.randrange(1, 4)):
                    broken[rng.randrange(len(broken))] = rng.randrange(256)
                s = t.tls()
                s.sendall(broken)
                s.close()
        with t.attack('HTTP/1.1: 20,000 requests at once', 20):
            s = t.tls()
            s.settimeout(0.2)
            sent = 0
            with contextlib.suppress(OSError):
                for _ in range(200):  # nobody reads the answers
                    s.sendall(good * 100)
                    sent += 100
            s.close()


def slow_senders():
    firsts = {'request line': b'G', 'header': head(), 'header value': head(extra=b'X: '),
              'body': post(b'Content-Length: 100000\r\n', b'{'), 'chunks': post(b'Transfer-Encoding: chunked\r\n', b'1\r\n{\r\n'),
              'body that never begins': post(b'Content-Length: 5\r\nExpect: 100-continue\r\n')}
    with Target(TIMEOUT) as t, ThreadPoolExecutor(16) as pool:

        def dropped(name, drip):
            start = time.monotonic()
            answer = t.send(firsts[name], *[drip] * 100, pause=0.1, silence=DROPPED)
            return answer.closed and time.monotonic() - start < 8 * SLOW

        with t.attack('slow and silent senders'):
            slow = {'slow ' + n: pool.submit(dropped, n, b'1\r\n \r\n' if n == 'chunks' else b'x') for n in firsts}
            silent = {'silent ' + n: pool.submit(lambda n=n: t.send(firsts[n], silence=DROPPED).closed) for n in firsts}
            left = [n for n, f in {**slow, **silent}.items() if not f.result()]
            check(not left, 'still open: %r' % left)
        with t.attack('500 slow senders at once', 20):
            socks = []
            for i in range(500):
                s = t.tls()
                s.sendall(post(b'Content-Length: 100000\r\n', b'{') if i % 2 else b'GET / HT')
                socks.append(s)
            end = time.monotonic() + DROPPED * 2
            for s in socks:
                check(t.send(sock=s, silence=max(0.1, end - time.monotonic())).closed, 'still open')


# ---- HTTP/2 by hand ----

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS = 1, 4
PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'


def frame(kind, flags, stream, payload=b''):
    return struct.pack('>I', len(payload))[1:] + bytes([kind, flags]) + struct.pack('>I', stream) + payload


def integer(n, bits, first=0):
    """HPACK's."""
    top = (1 << bits) - 1
    if n < top:
        return bytes([first | n])
    out, n = bytes([first | top]), n - top
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def field(name, value, first=0):
    return bytes([first]) + integer(len(name), 7) + name + integer(len(value), 7) + value


def fields(method=b'GET', path=b'/api/v1/namespaces/default', extra=b'', token=TOKEN):
    return (field(b':method', method) + field(b':path', path) + field(b':scheme', b'https') + field(b':authority', b'x') +
            field(b'authorization', b'Bearer ' + token.encode()) + extra)


def request(stream, block=None, end=True):
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, block or fields())


START = PREFACE + frame(SETTINGS, 0, 0)


def frames(data):
    out = []
    while len(data) >= 9:
        n = int.from_bytes(data[:3], 'big')
        out.append((data[3], data[4], int.from_bytes(data[5:9], 'big') & 0x7fffffff, data[9:9 + n]))
        data = data[9 + n:]
    return out


def broken_http2():
    rng = random.Random(5)
    big = field(b'x', b'y' * 4000, 0x40)  # goes into the table
    with Target(TIMEOUT, '--idle-timeout=500ms') as t:

        def h2(name, *pieces, within=15, preface=START, ends=True):
            with t.attack('HTTP/2: ' + name, within):
                answer = t.send(preface, *pieces, sock=t.tls(alpn=['h2']), silence=6)
                kinds = [f[0] for f in frames(answer.data)]
                check(answer.closed, 'still open after frames %r' % kinds[-5:])
                check(not ends or not answer.data or GOAWAY in kinds or RST in kinds, 'no error among %r' % kinds[-5:])
            return answer

        h2('garbage instead of a preface', rng.randbytes(5000), preface=b'')
        h2('HTTP/1.1', b'GET / HTTP/1.1\r\nHost: x\r\n\r\n', preface=b'')
        h2('cut preface', preface=PREFACE[:10], ends=False)
        h2('request before SETTINGS', request(1), preface=PREFACE)
        h2('too large a frame', frame(DATA, 0, 1, b'x' * 20000))
        h2('length of 16 MiB', b'\xff\xff\xff\0\0\0\0\0\x01' + b'x' * 100000)
        for name, bad in (
                ('DATA on 0', frame(DATA, 0, 0, b'x')), ('DATA on an idle stream', frame(DATA, 0, 7, b'x')),
                ('HEADERS on 0', frame(HEADERS, 5, 0, fields())), ('HEADERS on an even stream', request(2)),
                ('padding beyond the frame', frame(DATA, 8, 1, b'\xff')), ('HEADERS with too much padding', frame(HEADERS, 13, 1, b'\xff\0')),
                ('CONTINUATION alone', frame(CONTINUATION, 4, 1)), ('PING inside a header', frame(HEADERS, 1, 1, fields()) + frame(PING, 0, 0, b'x' * 8)),
                ('RST of an idle stream', frame(RST, 0, 9, b'\0' * 4)), ('short RST', frame(RST, 0, 1, b'\0')),
                ('short PING', frame(PING, 0, 0, b'x')), ('PING on a stream', frame(PING, 0, 1, b'x' * 8)),
                ('SETTINGS of 5 bytes', frame(SETTINGS, 0, 0, b'x' * 5)), ('SETTINGS on a stream', frame(SETTINGS, 0, 1)),
                ('ACK with contents', frame(SETTINGS, 1, 0, b'x' * 6)), ('window of 2^31', frame(SETTINGS, 0, 0, b'\0\4\x80\0\0\0')),
                ('frame size of 1', frame(SETTINGS, 0, 0, b'\0\5\0\0\0\1')), ('window of 0', frame(WINDOW, 0, 0, b'\0' * 4)),
                ('window beyond all', frame(WINDOW, 0, 0, b'\x7f\xff\xff\xff') * 2), ('PUSH_PROMISE', request(1) + frame(PUSH, 4, 1, b'\0\0\0\2')),
                ('GOAWAY on a stream', frame(GOAWAY, 0, 1, b'\0' * 8)), ('short GOAWAY', frame(GOAWAY, 0, 0, b'\0')),
                ('bad HPACK', frame(HEADERS, 5, 1, b'\xff' * 100)), ('HPACK index 0', frame(HEADERS, 5, 1, b'\x80')),
                ('HPACK integer without end', frame(HEADERS, 5, 1, b'\x7f' + b'\xff' * 50)), ('HPACK length beyond the frame', frame(HEADERS, 5, 1, b'\0\x7f\xff\x7f')),
                ('HPACK bad Huffman', frame(HEADERS, 5, 1, b'\0\x84\xff\xff\xff\xff\x01x')), ('HPACK table of 1 GiB', frame(HEADERS, 5, 1, b'\x3f\xff\xff\xff\xff\3')),
                ('header in capitals', request(1, fields(extra=field(b'X', b'y')))), ('no pseudo fields', request(1, field(b'a', b'b'))),
                ('two paths', request(1, fields(extra=field(b':path', b'/')))), ('NUL in a value', request(1, fields(extra=field(b'a', b'\0')))),
                ('line break in a value', request(1, fields(extra=field(b'a', b'b\r\nc: d')))), ('connection header', request(1, fields(extra=field(b'connection', b'x')))),
                ('transfer-encoding', request(1, fields(extra=field(b'transfer-encoding', b'chunked')))),
                ('length that lies', request(1, fields(b'POST', MAPS.encode(), field(b'content-length', b'5')), False) + frame(DATA, 1, 1, b'123456')),
                ('length of nothing', request(1, fields(b'POST', MAPS.encode(), field(b'content-length', b'x')), False) + frame(DATA, 1, 1, b'1'))):
            h2(name, bad)
        h2('a stream number going back', request(5) + request(3), ends=False)
        h2('priority on itself', request(1, end=False) + frame(PRIORITY, 0, 1, b'\0\0\0\1\0'), ends=False)
        h2('header list of 1 MiB', frame(HEADERS, 1, 1, fields()), *[frame(CONTINUATION, 0, 1, field(b'x', b'y' * 16000))] * 64,
           frame(CONTINUATION, 4, 1), ends=False)
        h2('header list without end', frame(HEADERS, 1, 1, fields()), *[frame(CONTINUATION, 0, 1, field(b'x', b'y' * 16000))] * 6000)
        h2('100,000 empty CONTINUATIONs', frame(HEADERS, 1, 1, fields()), *[frame(CONTINUATION, 0, 1) * 1000] * 100)
        h2('header bomb', *[request(1 + 2 * i, fields(extra=big + b'\xbe' * 12000)) for i in range(200)])
        h2('silent inside a header', frame(HEADERS, 1, 1, fields()), ends=False)
        h2('body that stops', request(1, fields(b'POST', MAPS.encode()), False) + frame(DATA, 0, 1, b'{'))
        resets = [b''.join(request(1 + 2 * (k * 100 + i)) + frame(RST, 0, 1 + 2 * (k * 100 + i), b'\0\0\0\x08') for i in range(100)) for k in range(1000)]
        h2('rapid reset, 100,000 times', *resets, within=15)
        h2('reset by mistakes', *[b''.join(request(1 + 2 * (k * 100 + i), end=False) + frame(WINDOW, 0, 1 + 2 * (k * 100 + i), b'\0' * 4) for i in range(100))
                                  for k in range(300)], within=15)
        h2('100,000 SETTINGS', *[frame(SETTINGS, 0, 0, b'\0\3\0\0\0\1') * 1000] * 100)
        h2('3 million settings', *[frame(SETTINGS, 0, 0, b'\0\1\0\0\0\0' * 2700) * 10] * 110)
        h2('100,000 PINGs', *[frame(PING, 0, 0, b'x' * 8) * 1000] * 100)
        h2('100,000 PRIORITYs', *[frame(PRIORITY, 0, 3, b'\0\0\0\1\0') * 1000] * 100)
        h2('100,000 empty DATA', request(1, fields(b'POST', MAPS.encode()), False), *[frame(DATA, 0, 1) * 1000] * 100)
        h2('1,000,000 WINDOW_UPDATEs', *[frame(WINDOW, 0, 0, b'\0\0\0\1') * 10000] * 100, ends=False)
        h2('unknown frames', *[frame(200, 0, 0, b'x' * 16000) * 10] * 100, ends=False)
        h2('10,000 streams', *[b''.join(request(1 + 2 * (k * 100 + i), end=False) for i in range(100)) for k in range(100)], within=15)
        h2('bodies for nobody', b''.join(request(1 + 2 * i, fields(b'POST', MAPS.encode()), False) for i in range(200)),
           *[frame(DATA, 0, 1 + 2 * i, b' ' * 16000) for i in range(200)] * 20, within=15, ends=False)
        with t.attack('HTTP/2: random frames', 40):
            for _ in range(200):
                s = t.tls(alpn=['h2'])
                with contextlib.suppress(OSError):
                    s.sendall(START + b''.join(frame(rng.randrange(11), rng.randrange(256), rng.choice((0, 1, 1, 2, 3, 1 << 30)),
                                                     rng.choice((b'', fields(), rng.randbytes(rng.randrange(40))))) for _ in range(20)))
                s.close()


def readers_that_do_not_read():
    """They are told to end, and hold no seat for good: more of them than requests may be in flight."""
    jane, path = 'plain-user-token', '/openapi/v2'
    with Target(TIMEOUT, '--idle-timeout=2s', '--max-requests-inflight=40') as t:

        def served_again(name):
            """Members of system:masters are never refused; jane is, while others hold all seats."""
            end, status = time.monotonic() + 8 * SLOW, 429
            while status == 429 and time.monotonic() < end:
                status = t.send(head('GET', '/version', b'Connection: close\r\n\r\n', jane)).status()
                time.sleep(0.1)
            check(status == 200, '%s: an ordinary user is answered %s' % (name, status))

        with t.attack('HTTP/2 windows of nothing', 20):
            block, socks = fields(path=path.encode(), token=jane), []
            for _ in range(3):
                s = t.tls(alpn=['h2'])
                s.sendall(PREFACE + frame(SETTINGS, 0, 0, b'\0\4\0\0\0\0') + b''.join(request(1 + 2 * i, block) for i in range(50)))
                socks.append(s)
            served_again('HTTP/2')
            for s in socks:
                check(t.send(sock=s, silence=6).closed, 'still open')
        with t.attack('HTTP/1.1 answers left in the socket', 20):
            socks = []
            for _ in range(60):
                s = t.tls()
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                s.sendall(head('GET', path, b'\r\n', jane) * 3)
                socks.append(s)
            served_again('HTTP/1.1')
            for s in socks:
                s.close()


tests = (broken_tls, broken_http1, slow_senders, broken_http2, readers_that_do_not_read)
run(*[t for t in tests if not sys.argv[1:] or t.__name__ in sys.argv[1:]])
