"""A real etcd of one member, on free ports, for tests that look into it.

    with Etcd() as e:
        Server('--etcd-servers=' + e.url)
        e.get('/registry/secrets/default/s')     # the stored bytes; None: no such key
        e.put(key, value)
        e.range(prefix)                          # {key: bytes}

Only the standard library and Debian's etcd.
"""
import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

from cubed import Failure, free_port


def b64(s):
    return base64.b64encode(s.encode() if isinstance(s, str) else s).decode()


class Etcd:
    def __init__(self, *flags):
        self.flags = list(flags)
        self.dir = tempfile.mkdtemp(prefix='cubed-etcd-')
        self.url, self.peer = ['http://127.0.0.1:%d' % free_port() for _ in range(2)]
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self, wait=30):
        log = open(os.path.join(self.dir, 'log'), 'ab')
        self.process = subprocess.Popen(
            ['etcd', '--name=m', '--data-dir=' + os.path.join(self.dir, 'data'), '--listen-client-urls=' + self.url,
             '--advertise-client-urls=' + self.url, '--listen-peer-urls=' + self.peer,
             '--initial-advertise-peer-urls=' + self.peer, '--initial-cluster=m=' + self.peer] + self.flags,
            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        end = time.monotonic() + wait
        while True:
            try:
                self.call('maintenance/status', {})
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise Failure('etcd does not start: %s' % open(os.path.join(self.dir, 'log')).read()[-2000:])
                time.sleep(0.05)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def call(self, what, body):
        r = urllib.request.Request(self.url + '/v3/' + what, json.dumps(body).encode())
        with urllib.request.urlopen(r, timeout=30) as answer:
            return json.loads(answer.read())

    def kvs(self, body):
        return [dict(kv, key=base64.b64decode(kv['key']).decode(), value=base64.b64decode(kv.get('value', '')))
                for kv in self.call('kv/range', body).get('kvs', [])]

    def get(self, key):
        found = self.kvs({'key': b64(key)})
        return found[0]['value'] if found else None

    def kv(self, key):
        found = self.kvs({'key': b64(key)})
        return found[0] if found else None

    def range(self, prefix):
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        return {kv['key']: kv['value'] for kv in self.kvs({'key': b64(prefix), 'range_end': b64(end)})}

    def put(self, key, value, lease=None):
        self.call('kv/put', dict({'key': b64(key), 'value': b64(value)}, **({'lease': lease} if lease else {})))

    def delete(self, key):
        self.call('kv/deleterange', {'key': b64(key)})

    def revision(self):
        return int(self.call('maintenance/status', {})['header']['revision'])

    def compact(self, revision):
        self.call('kv/compaction', {'revision': str(revision), 'physical': True})
