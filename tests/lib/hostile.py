"""What the tests of wrong input share: a server that is looked at after every attack.

    with Target('--header-timeout=1s') as t:
        with t.attack('name', within=5):
            answer = t.send(b'GET / HTTP/1.1\\r\\n...')     # raw bytes over TLS, until the server closes or is silent

An attack that lasts too long, that makes the workers' private memory pass MEMORY_MAX, or whose checks fail, is reported when
the with block ends; one after which a child was replaced or an ordinary request is not answered ends it at once.
"""
import contextlib
import os
import shutil
import signal
import socket
import ssl
import threading
import time

from cubed import TOKEN, Failure, Server, check

SAN = bool(os.environ.get('SAN'))  # sanitizers keep what is freed: memory says nothing then
SLOW = float(os.environ.get('SLOW', '3' if SAN else '1'))  # factor on all time limits
MEMORY_MAX = 300 << 20 if not SAN else 4 << 30
MEMORY_KEPT = 64 << 20 if not SAN else 4 << 30
CPU_MAX = 3
WITHIN = 15  # seconds, on a machine that may be busy with other things
DATA_MAX = 2 << 30  # a child that goes wild dies of it, not the machine
MAPS = '/api/v1/namespaces/default/configmaps'


def anonymous_bytes(pids):
    """Private memory: the mapped store and the shared area are not in it."""
    total = 0
    for pid in pids:
        with open('/proc/%d/status' % pid) as f:
            for line in f:
                if line.startswith('RssAnon:'):
                    total += int(line.split()[1]) * 1024
    return total


def client_hello():
    """What OpenSSL says first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.set_alpn_protocols(['h2', 'http/1.1'])
    tls = context.wrap_bio(incoming, outgoing, server_hostname='127.0.0.1')
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


class Answer:
    """data: all that came; closed: the server ended the connection; seconds: until then."""

    def __init__(self, data, closed, seconds):
        self.data, self.closed, self.seconds = data, closed, seconds

    def status(self):
        return int(self.data[9:12]) if self.data.startswith(b'HTTP/1.') else None


class Target:
    def __init__(self, *flags):
        bound = [] if SAN else ['prlimit', '--data=%d' % DATA_MAX]
        self.server = Server('--workers=1', *flags, prefix=bound)
        self.peak = self.base = 0
        self.worst = (0.0, '')
        self.failed = []

    def __enter__(self):
        self.server.__enter__()
        self.pids = self.server.children()
        self.normal()
        self.base = self.memory()
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                time.sleep(0.5)
                after = self.memory()
                print('# workers: %.1f MiB before, %.1f at most, %.1f afterwards; dearest attack %.2f s of CPU (%s)' %
                      (self.base / 1048576, self.peak / 1048576, after / 1048576, *self.worst), flush=True)
                check(after < self.base + MEMORY_KEPT, 'the workers keep %d MiB' % (after >> 20))
                check(not self.failed, '; '.join(self.failed))
        finally:
            try:
                self.server.__exit__(kind, value, trace)
            finally:
                self.end_orphans()
                shutil.rmtree(self.server.dir, ignore_errors=True)

    def end_orphans(self):
        """A child that hangs in an attack outlives its killed master."""
        for pid in sum(self.pids.values(), []):
            with contextlib.suppress(OSError):
                fds = '/proc/%d/fd' % pid
                if any(os.readlink(os.path.join(fds, f)).startswith(self.server.dir) for f in os.listdir(fds)):
                    os.kill(pid, signal.SIGKILL)

    def cpu(self):
        """Seconds the workers have used: the machine may be busy with others, their loops may not."""
        ticks = 0
        for pid in self.pids['worker']:
            with contextlib.suppress(OSError):
                with open('/proc/%d/stat' % pid) as f:
                    fields = f.read().rsplit(')', 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf('SC_CLK_TCK')

    def memory(self):
        return anonymous_bytes(self.pids['worker'])

    def normal(self):
        api = self.server.api(timeout=10 * SLOW)
        try:
            status, _ = api.get('/api/v1/namespaces/default')
            check(status == 200, 'an ordinary GET is answered %d' % status)
        finally:
            api.close()

    def unharmed(self, name):
        check(self.server.children() == self.pids, '%s: children were replaced: %s' % (name, self.server.log()[-1500:]))
        check('died' not in self.server.log(), '%s: %s' % (name, self.server.log()[-1500:]))
        self.normal()

    @contextlib.contextmanager
    def attack(self, name, within=WITHIN):
        stop, peak = threading.Event(), [0]

        def sample():
            while not stop.wait(0.02):
                with contextlib.suppress(OSError):
                    peak[0] = max(peak[0], self.memory())

        sampler = threading.Thread(target=sample, daemon=True)
        sampler.start()
        start, used = time.monotonic(), self.cpu()
        try:
            yield
        except (Failure, OSError) as e:
            self.failed.append('%s: %s' % (name, e))
        finally:
            took, used = time.monotonic() - start, self.cpu() - used
            stop.set()
            sampler.join()
        self.unharmed(name)
        if os.environ.get('VERBOSE'):
            print('#   %-50s %6.2f s %6.2f s of CPU %6.1f MiB' % (name, took, used, peak[0] / 1048576), flush=True)
        self.worst = max(self.worst, (used, name))
        self.peak = max(self.peak, peak[0])
        if used > CPU_MAX * SLOW:
            self.failed.append('%s cost %.1f s of CPU' % (name, used))
        if took > within * SLOW:
            self.failed.append('%s took %.1f s' % (name, took))
        if peak[0] > MEMORY_MAX:
            self.failed.append('%s: the workers held %d MiB' % (name, peak[0] >> 20))

    # ---- connections ----

    def tcp(self, timeout=10):
        return socket.create_connection(('127.0.0.1', self.server.port), timeout=timeout * SLOW)

    def tls(self, alpn=('http/1.1',), timeout=10):
        context = ssl.create_default_context(cafile=os.path.join(self.server.dir, 'data', 'pki', 'ca.crt'))
        context.set_alpn_protocols(list(alpn))
        return context.wrap_socket(self.tcp(timeout), server_hostname='127.0.0.1')

    def send(self, *pieces, sock=None, silence=10, pause=0):
        """Sends the pieces as long as the server takes them; reads until it closes or says nothing for `silence`."""
        s = sock or self.tls(timeout=silence)
        s.settimeout(silence * SLOW)
        start = time.monotonic()
        data, closed = b'', False
        try:
            for p in pieces:
                s.sendall(p)
                time.sleep(pause)
        except OSError:
            closed = True
        try:
            while True:
                got = s.recv(65536)
                if not got:
                    closed = True
                    break
                data += got
        except TimeoutError:
            pass
        except OSError:
            closed = True
        s.close()
        return Answer(data, closed, time.monotonic() - start)

    # ---- requests ----

    def request(self, method, path, body=None, kind='application/json', headers=None):
        """One ordinary request with any body; (status, Status tree or bytes)."""
        api = self.server.api(timeout=15 * SLOW)
        h = {'Content-Type': kind} if body is not None else {}
        h.update(headers or {})
        try:
            return api.call(method, path, body, h)
        finally:
            api.close()

    def handled(self, name, method, path, body=None, kind='application/json', within=WITHIN):
        """Right or wrong, the request must be answered like any other."""
        with self.attack(name, within):
            status, tree = self.request(method, path, body, kind)
            check(status in (200, 201) or tree.get('kind') == 'Status', 'is answered %d %.200r' % (status, tree))
            check(status < 500, 'is answered %d %.200r' % (status, tree))

    def refused(self, name, method, path, body=None, kind='application/json', within=WITHIN, codes=range(400, 500), headers=None):
        """The request must be answered with a Status of one of the codes."""
        with self.attack(name, within):
            status, tree = self.request(method, path, body, kind, headers)
            check(status in codes, '%s is answered %d %.200r' % (method, status, tree))
            check(isinstance(tree, dict) and tree.get('kind') == 'Status' and tree.get('code') == status and tree.get('message'),
                  '%d without a Status: %.200r' % (status, tree))
            check(len(str(tree)) < 16 << 20, 'a Status of %d bytes' % len(str(tree)))


def head(method='GET', path='/api/v1/namespaces/default', extra=b'', token=TOKEN):
    return ('%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n' % (method, path, token)).encode() + extra
