#ifndef CLINUX_LOOP_H
#define CLINUX_LOOP_H
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <sys/socket.h>
#include <netinet/tcp.h>
#include <time.h>
#endif
