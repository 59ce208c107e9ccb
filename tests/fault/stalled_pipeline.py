#!/usr/bin/env python3
"""Clients that pipeline: one that always has a request ahead costs no memory for those that were answered, and one that
stops reading is cut off, also when it sent another request after its answer no longer fitted into the socket."""
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import TOKEN, Server, check, run  # noqa: E402

PATH = '/api/v1/namespaces/default/configmaps'


def connect(server, small=False):
    raw = socket.socket()
    if small:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(('127.0.0.1', server.port))
    return server.tls.wrap_socket(raw, server_hostname='127.0.0.1')


def head(method, path, more=''):
    return ('%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n' % (method, path, TOKEN, more)).encode()


def patch(i):
    body = json.dumps({'data': {'v': '%d %s' % (i, 'x' * 15000)}})
    return head('PATCH', PATH + '/w', 'Content-Type: application/merge-patch+json\r\nContent-Length: %d\r\n' % len(body)) + body.encode()


def skip_answer(f):
    status, length = f.readline(), 0
    check(b' 200 ' in status, 'answer: %r' % status)
    while True:
        line = f.readline().strip().lower()
        if not line:
            break
        if line.startswith(b'content-length:'):
            length = int(line.split(b':')[1])
    f.read(length)


def anonymous_kib(pid):
    with open('/proc/%d/smaps_rollup' % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith('Pss_Anon:'))


def answered_requests_cost_nothing():
    with Server('--workers=1') as server:
        server.api().create(PATH, {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'w'}})
        worker, = server.children()['worker']
        tls = connect(server)
        f, sent, before = tls.makefile('rb'), 0, 0
        for done in range(1600):
            while sent < done + 4:
                tls.sendall(patch(sent))
                sent += 1
            skip_answer(f)
            if done == 400:
                before = anonymous_kib(worker)
        grown = anonymous_kib(worker) - before
        print('# 1200 pipelined requests of 15 KB: the worker grew by %d KiB' % grown)
        if not os.environ.get('SAN'):  # a sanitizer keeps what was freed
            check(grown < 4096, 'the worker grew by %d KiB' % grown)


def who_stops_reading_is_cut_off():
    """What the socket takes is not known, so answers of all sizes around it are asked for."""
    with Server('--workers=1', '--idle-timeout=2s', '--header-timeout=2s', '--shutdown-drain=1s') as server:
        api = server.api()
        for i in range(150):
            status, got = api.create(PATH, {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'w%03d' % i},
                                            'data': {'v': 'x' * 30000}})
            check(status == 201, 'create: %d %s' % (status, got))
        stalled = []
        for limit in range(4, 150, 2):
            tls = connect(server, small=True)
            tls.sendall(head('GET', '%s?limit=%d' % (PATH, limit)))
            stalled.append(tls)
        time.sleep(1)
        for tls in stalled:
            tls.sendall(head('GET', '/version'))
        time.sleep(5)
        api = server.api()
        status, text = api.call('GET', '/metrics', raw=True)
        check(status == 200, 'metrics: %d' % status)
        line = [x for x in text.decode().splitlines() if x.startswith('cubed_connections ')]
        check(len(line) == 1, 'no gauge of connections: %r' % line)
        left = int(float(line[0].split()[-1]))
        check(left <= 2, '%d connections are still open' % left)


run(answered_requests_cost_nothing, who_stops_reading_is_cut_off)
