"""A real etcd of one member for a test, in memory where that is possible.

    with Etcd() as e:                 # waits until it answers
        Server(etcd=e)
        e.get('/registry/secrets/default/s')     # the stored bytes; None: no such key
        e.put(key, value)
        e.range(prefix)                          # {key: bytes}

Only the standard library; etcd from Debian's etcd-server. Run as a program it starts one, prints its URL and stays
until it is killed.
"""
import atexit
import base64
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def b64(b):
    return base64.b64encode(b.encode() if isinstance(b, str) else b).decode()


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Etcd:
    def __init__(self, *flags):
        root = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
        self.dir, self.flags, self.process = tempfile.mkdtemp(prefix='cubed-test-etcd-', dir=root), list(flags), None
        self.url, self.peer = ('http://127.0.0.1:%d' % free_port() for _ in range(2))

    def start(self):
        atexit.register(self.close)
        args = ['etcd', '--data-dir', os.path.join(self.dir, 'data'), '--listen-client-urls', self.url,
                '--advertise-client-urls', self.url, '--listen-peer-urls', self.peer, '--initial-advertise-peer-urls',
                self.peer, '--initial-cluster', 'default=' + self.peer, '--logger', 'zap', '--log-level', 'error']
        with open(os.path.join(self.dir, 'log'), 'ab') as log:
            self.process = subprocess.Popen(args + self.flags, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            preexec_fn=die_with_parent)
        end = time.monotonic() + 30
        while True:
            try:
                self.call('maintenance/status', {})
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    with open(os.path.join(self.dir, 'log'), errors='replace') as log:
                        raise RuntimeError('etcd does not start: ' + log.read()[-2000:])
                time.sleep(0.05)

    def stop(self, sig=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(sig)
            self.process.wait()
        self.process = None

    def close(self):
        atexit.unregister(self.close)
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def call(self, what, body):
        r = urllib.request.Request(self.url + '/v3/' + what, data=json.dumps(body).encode(),
                                   headers={'Content-Type': 'application/json'})
        with urllib.request.urlopen(r, timeout=30) as a:
            return json.loads(a.read())

    def kvs(self, body):
        return [dict(kv, key=base64.b64decode(kv['key']).decode(), value=base64.b64decode(kv.get('value', '')))
                for kv in self.call('kv/range', body).get('kvs', [])]

    def kv(self, key):
        found = self.kvs({'key': b64(key)})
        return found[0] if found else None

    def get(self, key):
        found = self.kv(key)
        return found['value'] if found else None

    def range(self, prefix):
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        return {kv['key']: kv['value'] for kv in self.kvs({'key': b64(prefix), 'range_end': b64(end)})}

    def put(self, key, value, lease=None):
        """The revision of the write."""
        body = dict({'key': b64(key), 'value': b64(value)}, **({'lease': lease} if lease else {}))
        return int(self.call('kv/put', body)['header']['revision'])

    def delete(self, key):
        self.call('kv/deleterange', {'key': b64(key)})

    def revision(self):
        return int(self.call('maintenance/status', {})['header']['revision'])

    def compact(self, revision):
        self.call('kv/compaction', {'revision': str(revision), 'physical': True})


if __name__ == '__main__':
    with Etcd() as etcd:
        print(etcd.url, flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        signal.pause()
