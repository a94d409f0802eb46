/*
 * Moves the time of day of every program that loads it by the seconds in a file, which is looked at each time. The clocks
 * that waits go by stay as they are. libfaketime does the same and more, and hangs in programs with an allocator of their
 * own, which ask for the time before they can allocate (Redis with jemalloc: seen with 0.9.10). This one allocates nothing.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const char file[] = "/etc/moved-clock";

static long offset_s(void) {
  char text[24];
  long value = 0;
  long sign = 1;
  int at = 0;
  int descriptor = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  int length = (int)syscall(SYS_read, descriptor, text, sizeof text);
  syscall(SYS_close, descriptor);
  if (at < length && (text[at] == '-' || text[at] == '+')) sign = text[at++] == '-' ? -1 : 1;
  while (at < length && text[at] >= '0' && text[at] <= '9') value = value * 10 + (text[at++] - '0');
  return sign * value;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = (int)syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += offset_s();
  return result;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec precise;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &precise) != 0) return -1;
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *now) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  if (now != 0) *now = precise.tv_sec;
  return precise.tv_sec;
}
