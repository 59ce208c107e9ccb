/* What a worker's HTTP/2 connections share. */
#ifndef WORKER_NET_HTTP2_H
#define WORKER_NET_HTTP2_H

struct net;
void http2_set_up(struct net *n);
void http2_tear_down(struct net *n);

#endif
