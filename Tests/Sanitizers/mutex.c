// Tells ThreadSanitizer of Swift's Mutex. Loaded by LD_PRELOAD.
//
// Its fast path is compiled into the program and seen. The slow path, taken when two threads meet, lies in
// libswiftSynchronization, which isn't instrumented: without this, what a contended Mutex protects looks like
// a race. The symbols are those of `_MutexHandle._lockSlow(_: UInt32)` and `_unlockSlow()` of Swift 6 on Linux.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// Not there in programs that aren't sanitized.
void __tsan_acquire(void *address) __attribute__((weak));
void __tsan_release(void *address) __attribute__((weak));

typedef SWIFT void (*LockSlow)(uint32_t thread, SELF void *mutex);
typedef SWIFT void (*UnlockSlow)(SELF void *mutex);

SWIFT void lock_slow(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFT void unlock_slow(SELF void *mutex) __asm__(UNLOCK);

SWIFT void lock_slow(uint32_t thread, SELF void *mutex) {
    ((LockSlow)dlsym(RTLD_NEXT, LOCK))(thread, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT void unlock_slow(SELF void *mutex) {
    if (__tsan_release) __tsan_release(mutex);
    ((UnlockSlow)dlsym(RTLD_NEXT, UNLOCK))(mutex);
}
