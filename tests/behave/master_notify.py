#!/usr/bin/env python3
"""What systemd hears: READY only when it is true, RELOADING with a clock, STOPPING, WATCHDOG in time."""
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
cubed = os.environ.get('CUBED') or os.path.join(root, os.environ.get('BUILD', 'build'), 'cubed')


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def ready_code(work, port):
    context = ssl.create_default_context(cafile=os.path.join(work, 'data/pki/ca.crt'))
    with urllib.request.urlopen(f'https://127.0.0.1:{port}/readyz', context=context, timeout=5) as r:
        return r.status


class Heard:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.all = []

    def until(self, key, seconds):
        """Messages up to and with the first that has a line of this key."""
        end = time.monotonic() + seconds
        while True:
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            fields = dict(line.split('=', 1) for line in self.socket.recv(8192).decode().splitlines())
            self.all.append(fields)
            if key in fields:
                return fields


def main():
    with tempfile.TemporaryDirectory(prefix='cubed-test.') as work:
        heard, port = Heard(os.path.join(work, 'notify')), free_port()
        env = dict(os.environ, NOTIFY_SOCKET=os.path.join(work, 'notify'), WATCHDOG_USEC='1000000')
        with open(os.path.join(work, 'log'), 'w') as log:
            server = subprocess.Popen([cubed, f'--data-dir={work}/data', f'--secure-port={port}'], env=env,
                                      stdout=log, stderr=log)
        try:
            heard.until('READY', 20)
            # said, so it must hold: no retry
            assert ready_code(work, port) == 200

            before = time.monotonic_ns() // 1000
            server.send_signal(signal.SIGHUP)
            reloading = heard.until('RELOADING', 5)
            assert before <= int(reloading['MONOTONIC_USEC']) <= time.monotonic_ns() // 1000, reloading
            heard.until('READY', 5)

            at = []
            for _ in range(4):
                heard.until('WATCHDOG', 2)
                at.append(time.monotonic())
            gaps = [b - a for a, b in zip(at, at[1:])]
            assert all(g < 0.9 for g in gaps), f'watchdog gaps {gaps}'

            server.send_signal(signal.SIGTERM)
            heard.until('STOPPING', 5)
            assert server.wait(40) == 0, server.returncode
            assert any('STATUS' in m for m in heard.all)
        except BaseException:
            sys.stderr.write(open(os.path.join(work, 'log')).read())
            sys.stderr.write(f'heard: {heard.all}\n')
            raise
        finally:
            if server.poll() is None:
                server.kill()
                server.wait()


main()
