"""Starts a real cubed and talks to it: for tests that need more than a shell can say.

    with Server(flags) as s:          # temporary data directory, free port, token of a system:masters user
        api = s.api()                 # one keep-alive connection
        api.create('/api/v1/namespaces/default/configmaps', {...})
        s.children()                  # {'watcher': [pid], 'keeper': [pid], 'worker': [pid, ...]}

Only the standard library. CUBED names the binary (build/cubed otherwise). With STORE=etcd in the environment the
server runs on an etcd of its own (s.etcd).
"""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from etcd import Etcd  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CUBED = os.environ.get('CUBED', os.path.join(ROOT, os.environ.get('BUILD', 'build'), 'cubed'))
TOKEN = 'test-token-of-an-administrator'


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Failure(Exception):
    """What a test says when the server did not do what it must."""


def check(condition, text):
    if not condition:
        raise Failure(text)


def until(what, text, seconds=20):
    """Asks again and again until what() is true."""
    end = time.monotonic() + seconds
    while not what():
        check(time.monotonic() < end, text)
        time.sleep(0.05)


class Api:
    """One connection; reconnects when it broke. Calls return (status, tree)."""

    def __init__(self, server, token=TOKEN, timeout=30):
        self.server, self.token, self.timeout, self.conn = server, token, timeout, None

    def close(self):
        if self.conn:
            self.conn.close()
        self.conn = None

    def call(self, method, path, body=None, headers=None, raw=False):
        if self.conn is None:
            self.conn = http.client.HTTPSConnection('127.0.0.1', self.server.port, context=self.server.tls,
                                                    timeout=self.timeout)
        h = {'Accept': 'application/json'}
        if self.token:
            h['Authorization'] = 'Bearer ' + self.token
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body, separators=(',', ':'))  # as Go does: some JSON is kept as it is spelled
            h['Content-Type'] = 'application/json'
        h.update(headers or {})
        try:
            self.conn.request(method, path, body=body, headers=h)
            r = self.conn.getresponse()
            data = r.read()
        except Exception:
            self.close()
            raise
        self.headers = r.headers
        if raw:
            return r.status, data
        is_json = 'json' in (r.headers.get('Content-Type') or '')
        return r.status, json.loads(data) if is_json and data else data

    def get(self, path):
        return self.call('GET', path)

    def create(self, path, obj):
        return self.call('POST', path, obj)

    def update(self, path, obj):
        return self.call('PUT', path, obj)

    def patch(self, path, obj, kind='merge'):
        types = {'merge': 'application/merge-patch+json', 'json': 'application/json-patch+json',
                 'strategic': 'application/strategic-merge-patch+json'}
        return self.call('PATCH', path, json.dumps(obj), {'Content-Type': types[kind]})

    def delete(self, path, options=None):
        return self.call('DELETE', path, options)


class Server:
    def __init__(self, *flags, data_dir=None, env=None, prefix=(), etcd=None):
        """etcd: one that others use, too; it is not stopped with the server"""
        self.flags, self.own_dir = list(flags), data_dir is None
        self.dir = data_dir or tempfile.mkdtemp(prefix='cubed-test-')
        self.own_etcd = Etcd() if etcd is None and os.environ.get('STORE') == 'etcd' else None
        self.etcd = etcd or self.own_etcd
        if self.etcd:
            self.flags[:0] = ['--etcd-servers=' + self.etcd.url, '--cache-dir=' + os.path.join(self.dir, 'cache')]
        self.port, self.process, self.env, self.prefix = free_port(), None, env, list(prefix)
        self.log_path = os.path.join(self.dir, 'log')

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            sys.stderr.write(self.log()[-4000:])
        try:
            self.stop()
        finally:
            if self.own_etcd:
                self.own_etcd.close()
        if self.own_dir:
            shutil.rmtree(self.dir, ignore_errors=True)

    def start(self, wait=30):
        if self.own_etcd and not self.own_etcd.process:
            self.own_etcd.start()
        tokens = os.path.join(self.dir, 'tokens.csv')
        if not os.path.exists(tokens):
            fd = os.open(tokens, os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(fd, ('%s,admin,1,"system:masters"\nplain-user-token,jane,2,"dev,ops"\n' % TOKEN).encode())
            os.close(fd)
        args = self.prefix + [CUBED, '--data-dir=' + os.path.join(self.dir, 'data'), '--secure-port=%d' % self.port,
                              '--token-auth-file=' + tokens] + self.flags
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(args, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.env)
        end = time.monotonic() + wait
        while True:
            if self.process.poll() is not None:
                raise Failure('cubed ended with %s: %s' % (self.process.returncode, self.log()[-2000:]))
            try:
                ca = os.path.join(self.dir, 'data', 'pki', 'ca.crt')
                self.tls = ssl.create_default_context(cafile=ca)
                if self.api().get('/readyz')[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            if time.monotonic() > end:
                raise Failure('cubed is not ready after %d s: %s' % (wait, self.log()[-2000:]))
            time.sleep(0.05)

    def api(self, **kw):
        return Api(self, **kw)

    def log(self):
        with open(self.log_path, errors='replace') as f:
            return f.read()

    def children(self):
        """Role -> pids of the living children, by the name each process gives itself."""
        out = {}
        for pid in os.listdir('/proc'):
            if not pid.isdigit():
                continue
            try:
                with open('/proc/%s/stat' % pid) as f:
                    stat = f.read()
                with open('/proc/%s/cmdline' % pid) as f:
                    title = f.read()
            except OSError:
                continue
            fields = stat.rsplit(')', 1)[1].split()
            if int(fields[1]) != self.process.pid or fields[0] == 'Z':
                continue
            comm = stat[stat.index('(') + 1:stat.rindex(')')]
            for role in ('watcher', 'keeper', 'worker'):
                if re.search(r'\b%s\b' % role, comm) or re.search(r'\b%s\b' % role, title):
                    out.setdefault(role, []).append(int(pid))
                    break
        return {k: sorted(v) for k, v in out.items()}

    def stop(self, sig=signal.SIGTERM, wait=20):
        """Exit status; kills after `wait` seconds."""
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.send_signal(sig)
        try:
            return self.process.wait(wait)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure('cubed did not stop within %d s' % wait)


def run(*tests):
    """Runs functions as tests: one line each, exit status 1 when one failed."""
    failed = 0
    for t in tests:
        try:
            t()
            print('ok', t.__name__, flush=True)
        except Exception as e:  # noqa: BLE001 - a test may fail in any way
            failed += 1
            print('not ok', t.__name__ + ':', type(e).__name__, e, flush=True)
    sys.exit(1 if failed else 0)
