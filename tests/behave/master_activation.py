#!/usr/bin/env python3
"""Socket activation as systemd does it (sd_listen_fds(3)): cubed serves on the socket it was handed, opens none of its
own, and connections made while no server runs wait in the queue."""
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
cubed = os.environ.get('CUBED') or os.path.join(root, os.environ.get('BUILD', 'build'), 'cubed')


def start(listener, unused_port, work, log):
    # LISTEN_PID must be the server's own id: a shell that becomes the server knows it
    script = 'fd=$1; shift; exec 3<&"$fd"; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
    return subprocess.Popen(['bash', '-c', script, 'bash', str(listener.fileno()), cubed, f'--data-dir={work}/data',
                             f'--secure-port={unused_port}', '--workers=2'], pass_fds=[listener.fileno()],
                            stdout=log, stderr=log)


def get(raw):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(raw) as s:
        s.sendall(b'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
        answer = b''
        while chunk := s.recv(4096):
            answer += chunk
        return answer.split(b'\r\n', 1)[0]


def wait_ready(port):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if b' 200 ' in get(socket.create_connection(('127.0.0.1', port), 2)):
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError('not ready in time')


def main():
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(64)
    port = listener.getsockname()[1]
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        unused = s.getsockname()[1]
    server = None
    with tempfile.TemporaryDirectory(prefix='cubed-test.') as work, open(os.path.join(work, 'log'), 'w') as log:
        try:
            server = start(listener, unused, work, log)
            wait_ready(port)
            with socket.socket() as s:
                assert s.connect_ex(('127.0.0.1', unused)) != 0, 'it listens on --secure-port too'
            server.send_signal(signal.SIGTERM)
            assert server.wait(40) == 0, server.returncode

            waiting = socket.create_connection(('127.0.0.1', port), 2)  # nobody serves now
            waiting.settimeout(20)
            server = start(listener, unused, work, log)
            # served once there is someone to serve; ready or still loading, but answered
            assert b'HTTP/1.1 ' in get(waiting)
            wait_ready(port)
            server.send_signal(signal.SIGTERM)
            assert server.wait(40) == 0, server.returncode
        except BaseException:
            log.flush()
            sys.stderr.write(open(os.path.join(work, 'log')).read())
            raise
        finally:
            if server and server.poll() is None:
                server.kill()
                server.wait()


main()
