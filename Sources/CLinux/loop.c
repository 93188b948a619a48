#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS 1000000000LL

static int result(long value) { return value < 0 ? -errno : (int)value; }

int loop_create(void) { return result(epoll_create1(EPOLL_CLOEXEC)); }

static int control(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return result(epoll_ctl(epoll, operation, fd, &event));
}

int loop_register(int epoll, int fd, uint32_t events, uint64_t token) {
    return control(epoll, EPOLL_CTL_ADD, fd, events, token);
}

int loop_modify(int epoll, int fd, uint32_t events, uint64_t token) {
    return control(epoll, EPOLL_CTL_MOD, fd, events, token);
}

int loop_unregister(int epoll, int fd) { return control(epoll, EPOLL_CTL_DEL, fd, 0, 0); }

int loop_take(int epoll, struct loop_event *out, int max, int milliseconds) {
    struct epoll_event events[LOOP_EVENTS_MAX];
    if (max > LOOP_EVENTS_MAX) max = LOOP_EVENTS_MAX;
    int count;
    do {
        count = epoll_wait(epoll, events, max, milliseconds);
    } while (count < 0 && errno == EINTR);
    for (int i = 0; i < count; i++) {
        out[i].token = events[i].data.u64;
        out[i].events = events[i].events;
    }
    return result(count);
}

int loop_eventfd(void) { return result(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

int loop_signal(int eventfd) {
    uint64_t one = 1;
    return result(write(eventfd, &one, sizeof one));
}

void loop_release_memory(void) { malloc_trim(0); }

static int64_t read_clock(clockid_t id) {
    struct timespec now;
    clock_gettime(id, &now);
    return now.tv_sec * NANOSECONDS + now.tv_nsec;
}

int64_t loop_boottime(void) { return read_clock(CLOCK_BOOTTIME); }
int64_t loop_walltime(void) { return read_clock(CLOCK_REALTIME); }

int loop_timerfd(void) { return result(timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC)); }

int loop_arm(int timerfd, int64_t deadline) {
    // timerfd_settime(2): an it_value of zero would disarm the timer instead of firing at once.
    if (deadline < 1) deadline = 1;
    struct itimerspec when = {
        .it_value = {.tv_sec = deadline / NANOSECONDS, .tv_nsec = deadline % NANOSECONDS}};
    return result(timerfd_settime(timerfd, TFD_TIMER_ABSTIME, &when, NULL));
}

int loop_accept(int listener) {
    return result(accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

ssize_t loop_receive(int fd, void *bytes, size_t count) {
    ssize_t got;
    do {
        got = recv(fd, bytes, count, 0);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

ssize_t loop_send(int fd, const void *bytes, size_t count) {
    ssize_t sent;
    do {
        sent = send(fd, bytes, count, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

ssize_t loop_send2(int fd, const void *first, size_t first_count, const void *second,
                   size_t second_count) {
    struct iovec parts[2] = {{.iov_base = (void *)first, .iov_len = first_count},
                             {.iov_base = (void *)second, .iov_len = second_count}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t sent;
    do {
        sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

int loop_set_option(int fd, int level, int name, int value) {
    return result(setsockopt(fd, level, name, &value, sizeof value));
}

int loop_option(int fd, int level, int name) {
    int value = 0;
    socklen_t length = sizeof value;
    return getsockopt(fd, level, name, &value, &length) < 0 ? -errno : value;
}

int loop_adopt(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    return result(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

int loop_peer_left(int fd) {
    struct pollfd poller = {.fd = fd, .events = POLLRDHUP};
    return poll(&poller, 1, 0) > 0;
}

int loop_peer_silent(int fd) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return 0;
    return info.tcpi_probes > 0;
}

int loop_reset_on_close(int fd) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

int loop_peer_owner(int fd, uint32_t *user, uint32_t *group, int32_t *process) {
    struct ucred owner;
    socklen_t length = sizeof owner;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &length) != 0) return -errno;
    // Linux answers for any socket; where nobody is known, with -1.
    if (owner.uid == (uid_t)-1) return -ENOTCONN;
    *user = owner.uid;
    *group = owner.gid;
    *process = owner.pid;
    return 0;
}
