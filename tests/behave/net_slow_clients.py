#!/usr/bin/env python3
"""Clients that say nothing, or too little: they cost little memory and end by time-out, and the others do not notice."""
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from cubed import Server, check

SILENT = 3000
KIB_EACH = 4  # memory of the server for one of them, at most


def rss_kib(pids):
    total = 0
    for pid in pids:
        with open(f'/proc/{pid}/status') as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith('VmRSS'))
    return total


def closed_by_server(s):
    """Whether the server has closed it by now."""
    try:
        return s.recv(65536, socket.MSG_DONTWAIT) == b''
    except BlockingIOError:
        return False
    except OSError:
        return True


with Server('--header-timeout=2s') as server:
    workers = server.children()['worker']
    api = server.api()
    check(api.get('/api/v1/namespaces')[0] == 200, 'a list before')
    before = rss_kib(workers)
    silent = [socket.create_connection(('127.0.0.1', server.port)) for _ in range(SILENT)]
    half = socket.create_connection(('127.0.0.1', server.port))
    half = server.tls.wrap_socket(half, server_hostname='localhost')
    half.sendall(b'GET /version HTTP/1.1\r\nHost:')
    began = time.monotonic()
    grown = rss_kib(workers) - before
    check(grown < SILENT * KIB_EACH, f'{SILENT} silent connections cost {grown} KiB')
    while time.monotonic() - began < 1:
        check(api.get('/api/v1/namespaces')[0] == 200, 'a list meanwhile')
        half.sendall(b' ')  # now and then a byte does not help
        time.sleep(0.1)
    check(not closed_by_server(silent[-1]), 'closed too early')
    end, left = time.monotonic() + 8, SILENT
    while left and time.monotonic() < end:  # one worker may have accepted its share later than the other
        time.sleep(0.1)
        left = sum(not closed_by_server(s) for s in silent)
    check(left == 0, f'{left} silent connections are still there')
    half.settimeout(5)
    try:
        check(half.recv(100) == b'', 'half a header was answered')
    except OSError:
        pass
    check(api.get('/api/v1/namespaces')[0] == 200, 'a list after')
