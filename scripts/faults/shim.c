/*
 * Preloaded into a process under test: file system calls that fail, write too little, are slow, or are the last thing that the
 * process does; a machine that loses what was not synced; a clock that jumps.
 *
 * INGOT_FAULTS      rules, separated by ';': op,glob,nth,count,when,action. The nth call of the op on a path that matches is the first
 *                   that the action is done to, count how many are; when is before or after the call.
 *                   op: open read write fsync rename link unlink mkdir truncate, or any (all but open and read).
 *                   action: die torn short eio enospc delay:<ms> power.
 *                   clock,,0,0,before,<after ms>:<seconds> moves the wall clock.
 * INGOT_FAULTS_LOG  a line is added for each fault: the rule's number from 0, op, action and path
 * INGOT_FAULTS_ROOT below it power loses what is not synced
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum op { OPEN, READ, WRITE, FSYNC, RENAME, LINK, UNLINK, MKDIR, TRUNCATE, OPS };
static const char *const op_names[OPS] = {"open", "read", "write", "fsync", "rename", "link", "unlink", "mkdir", "truncate"};
enum action { NONE, DIE, TORN, SHORT, FAIL_EIO, FAIL_ENOSPC, DELAY, POWER };

struct rule {
  unsigned ops;
  char glob[PATH_MAX];
  long nth, count, delay_ms;
  int after;
  enum action action;
  int number;
  atomic_long seen;
};

#define MAX_RULES 16
static struct rule rules[MAX_RULES];
static int rule_count, rule_number;
static unsigned watched;
static int power_watch;
static char root[PATH_MAX], log_path[PATH_MAX];
static long long clock_after_ms = -1, clock_seconds, started_ms;
static int clock_number;
static atomic_int clock_told, dying;

static int (*real_clock)(clockid_t, struct timespec *);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static ssize_t (*real_read)(int, void *, size_t);
static ssize_t (*real_pread)(int, void *, size_t, off_t);
static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_fsync)(int), (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *), (*real_link)(const char *, const char *);
static int (*real_unlink)(const char *), (*real_remove)(const char *), (*real_mkdir)(const char *, mode_t);
static int (*real_ftruncate)(int, off_t);

static long long monotonic_ms(void) {
  struct timespec t;
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static unsigned ops_of(const char *name) {
  if (strcmp(name, "any") == 0) return ((1u << OPS) - 1) & ~(1u << OPEN) & ~(1u << READ);
  for (int op = 0; op < OPS; op++)
    if (strcmp(name, op_names[op]) == 0) return 1u << op;
  return 0;
}

static void parse_rule(char *text) {
  char *fields[6];
  for (int i = 0; i < 6; i++) fields[i] = strsep(&text, ",");
  int number = rule_number++;
  if (fields[5] == NULL) return;
  char *action = fields[5];
  if (strcmp(fields[0], "clock") == 0) {
    sscanf(action, "%lld:%lld", &clock_after_ms, &clock_seconds);
    clock_number = number;
    return;
  }
  if (rule_count == MAX_RULES) return;
  struct rule *rule = &rules[rule_count++];
  rule->number = number;
  rule->ops = ops_of(fields[0]);
  snprintf(rule->glob, sizeof rule->glob, "%s", fields[1]);
  rule->nth = atol(fields[2]);
  rule->count = atol(fields[3]);
  rule->after = strcmp(fields[4], "after") == 0;
  rule->action = strcmp(action, "die") == 0 ? DIE : strcmp(action, "torn") == 0 ? TORN : strcmp(action, "short") == 0 ? SHORT
    : strcmp(action, "eio") == 0 ? FAIL_EIO : strcmp(action, "enospc") == 0 ? FAIL_ENOSPC : strcmp(action, "power") == 0 ? POWER
    : strncmp(action, "delay:", 6) == 0 ? DELAY : NONE;
  if (rule->action == DELAY) rule->delay_ms = atol(action + 6);
  if (rule->action == POWER) power_watch = 1;
  watched |= rule->ops;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void set_up(void) {
  started_ms = monotonic_ms();
  real_clock = dlsym(RTLD_NEXT, "clock_gettime");
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_pwritev = dlsym(RTLD_NEXT, "pwritev");
  real_read = dlsym(RTLD_NEXT, "read");
  real_pread = dlsym(RTLD_NEXT, "pread");
  real_open = dlsym(RTLD_NEXT, "open");
  real_openat = dlsym(RTLD_NEXT, "openat");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_rename = dlsym(RTLD_NEXT, "rename");
  real_link = dlsym(RTLD_NEXT, "link");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_remove = dlsym(RTLD_NEXT, "remove");
  real_mkdir = dlsym(RTLD_NEXT, "mkdir");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
  const char *log = getenv("INGOT_FAULTS_LOG"), *below = getenv("INGOT_FAULTS_ROOT"), *text = getenv("INGOT_FAULTS");
  snprintf(log_path, sizeof log_path, "%s", log == NULL ? "" : log);
  snprintf(root, sizeof root, "%s", below == NULL ? "" : below);
  char *copy = strdup(text == NULL ? "" : text), *rest = copy, *one;
  while ((one = strsep(&rest, ";")) != NULL)
    if (*one != '\0') parse_rule(one);
  free(copy);
}

__attribute__((constructor)) static void begin(void) { pthread_once(&once, set_up); }
#define READY pthread_once(&once, set_up)

static void tell(int number, const char *op, const char *action, const char *path) {
  char line[PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%d %s %s %s\n", number, op, action, path);
  int fd = (int)syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return;
  syscall(SYS_write, fd, line, (size_t)length);
  syscall(SYS_close, fd);
}

static void path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  path[length < 0 ? 0 : length] = '\0';
}

static void absolute(const char *path, char *out) {
  if (path[0] == '/' || getcwd(out, PATH_MAX / 2) == NULL) snprintf(out, PATH_MAX, "%s", path);
  else {
    size_t length = strlen(out);
    snprintf(out + length, PATH_MAX - length, "/%s", path);
  }
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* What a machine that stops has not on its disk: bytes after the last fsync of a file, names after the last fsync of their folder. */
struct dirty { dev_t dev; ino_t ino; int fd; off_t synced; int unsynced; };
struct entry { enum op op; char from[PATH_MAX], to[PATH_MAX]; int gone; };
#define MAX_DIRTY 8192
#define MAX_ENTRIES 16384
static struct dirty dirties[MAX_DIRTY];
static struct entry *entries;
static int dirty_count, entry_count;
static pthread_mutex_t power_lock = PTHREAD_MUTEX_INITIALIZER;

static int below_root(const char *path) {
  size_t length = strlen(root);
  return length > 0 && strncmp(path, root, length) == 0;
}

static void note_entry(enum op op, const char *from, const char *to) {
  if (!power_watch) return;
  pthread_mutex_lock(&power_lock);
  if (entries == NULL) entries = calloc(MAX_ENTRIES, sizeof *entries);
  if (entry_count < MAX_ENTRIES) {
    struct entry *entry = &entries[entry_count++];
    entry->op = op;
    absolute(from, entry->from);
    absolute(to, entry->to);
    entry->gone = !below_root(entry->to);
  }
  pthread_mutex_unlock(&power_lock);
}

static void note_write(int fd) {
  struct stat facts;
  char path[PATH_MAX];
  if (!power_watch || fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) return;
  path_of(fd, path);
  if (!below_root(path)) return;
  pthread_mutex_lock(&power_lock);
  struct dirty *found = NULL;
  for (int i = 0; i < dirty_count && found == NULL; i++)
    if (dirties[i].ino == facts.st_ino && dirties[i].dev == facts.st_dev) found = &dirties[i];
  if (found == NULL && dirty_count < MAX_DIRTY) {
    found = &dirties[dirty_count++];
    *found = (struct dirty){facts.st_dev, facts.st_ino, fcntl(fd, F_DUPFD_CLOEXEC, 500), facts.st_size, 0};
  }
  if (found != NULL) found->unsynced = 1;
  pthread_mutex_unlock(&power_lock);
}

static int directly_in(const char *path, const char *folder) {
  size_t length = strlen(folder);
  return strncmp(path, folder, length) == 0 && path[length] == '/' && strchr(path + length + 1, '/') == NULL;
}

static void note_sync(int fd) {
  struct stat facts;
  char path[PATH_MAX];
  if (!power_watch || fstat(fd, &facts) != 0) return;
  path_of(fd, path);
  pthread_mutex_lock(&power_lock);
  if (S_ISDIR(facts.st_mode)) {
    for (int i = 0; i < entry_count; i++)
      if (directly_in(entries[i].to, path)) entries[i].gone = 1;
  } else {
    for (int i = 0; i < dirty_count; i++)
      if (dirties[i].ino == facts.st_ino && dirties[i].dev == facts.st_dev) dirties[i].synced = facts.st_size, dirties[i].unsynced = 0;
  }
  pthread_mutex_unlock(&power_lock);
}

static void lose(void) {
  char lost[PATH_MAX];
  pthread_mutex_lock(&power_lock);
  for (int i = 0; i < dirty_count; i++)
    if (dirties[i].unsynced) {
      path_of(dirties[i].fd, lost);
      if (strstr(lost, "(deleted)") == NULL) tell(-1, "power", "truncated", lost);
      real_ftruncate(dirties[i].fd, dirties[i].synced);
    }
  for (int i = entry_count - 1; i >= 0; i--) {
    struct entry *entry = &entries[i];
    if (entry->gone) continue;
    if (entry->op == RENAME) real_rename(entry->to, entry->from);
    else if (entry->op == MKDIR) {
      if (snprintf(lost, sizeof lost, "%s.lost-%d-%d", root, getpid(), i) >= (int)sizeof lost) continue;
      real_rename(entry->to, lost);
    } else real_unlink(entry->to);
  }
  die();
}

/* The action that is to be done to a call now, before or after it; NONE for most. */
static struct rule *matching(enum op op, const char *path, int after) {
  if (dying) for (;;) pause();
  for (int i = 0; i < rule_count; i++) {
    struct rule *rule = &rules[i];
    if ((rule->ops & (1u << op)) == 0 || rule->after != after || fnmatch(rule->glob, path, 0) != 0) continue;
    long seen = atomic_fetch_add(&rule->seen, 1) + 1;
    if (seen >= rule->nth && seen < rule->nth + rule->count) return rule;
  }
  return NULL;
}

/* Does what a rule says; true when the call is to fail with errno set. */
static int act(struct rule *rule, enum op op, const char *path) {
  if (rule == NULL) return 0;
  switch (rule->action) {
    case DIE: dying = 1; tell(rule->number, op_names[op], "die", path); die(); return 0;
    case POWER: dying = 1; tell(rule->number, op_names[op], "power", path); lose(); return 0;
    case FAIL_EIO: tell(rule->number, op_names[op], "eio", path); errno = EIO; return 1;
    case FAIL_ENOSPC: tell(rule->number, op_names[op], "enospc", path); errno = ENOSPC; return 1;
    case DELAY: {
      struct timespec pause = {rule->delay_ms / 1000, (rule->delay_ms % 1000) * 1000000};
      if (rule->seen <= rule->nth) tell(rule->number, op_names[op], "delay", path);
      nanosleep(&pause, NULL);
      return 0;
    }
    default: return 0;
  }
}

static int on_path(enum op op, const char *path, int after) {
  if ((watched & (1u << op)) == 0) return 0;
  char whole[PATH_MAX];
  absolute(path, whole);
  int kept = errno;
  int failed = act(matching(op, whole, after), op, whole);
  if (!failed) errno = kept;
  return failed;
}

static int on_fd(enum op op, int fd, int after) {
  if ((watched & (1u << op)) == 0 || fd <= 2) return 0;
  char path[PATH_MAX];
  path_of(fd, path);
  if (path[0] != '/') return 0;
  int kept = errno;
  int failed = act(matching(op, path, after), op, path);
  if (!failed) errno = kept;
  return failed;
}

/* How many bytes of a write are to be written: all, or half of them when it is short or torn. −1: it fails. */
static ssize_t allowed(int fd, size_t length, int *torn) {
  *torn = 0;
  if ((watched & (1u << WRITE)) == 0 || fd <= 2) return (ssize_t)length;
  char path[PATH_MAX];
  path_of(fd, path);
  if (path[0] != '/') return (ssize_t)length;
  struct rule *rule = matching(WRITE, path, 0);
  if (rule != NULL && (rule->action == TORN || rule->action == SHORT)) {
    tell(rule->number, "write", rule->action == TORN ? "torn" : "short", path);
    *torn = rule->action == TORN;
    return length < 2 ? (ssize_t)length : (ssize_t)(length / 2);
  }
  return act(rule, WRITE, path) ? -1 : (ssize_t)length;
}

#define WRITING(fd, length, call)                  \
  READY;                                           \
  int torn;                                        \
  ssize_t part = allowed(fd, length, &torn);       \
  if (part < 0) return -1;                         \
  note_write(fd);                                  \
  ssize_t done = call;                             \
  if (torn) { dying = 1; die(); }                  \
  if (on_fd(WRITE, fd, 1)) return -1;              \
  return done

ssize_t write(int fd, const void *bytes, size_t length) { WRITING(fd, length, real_write(fd, bytes, (size_t)part)); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { WRITING(fd, length, real_pwrite(fd, bytes, (size_t)part, at)); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) { WRITING(fd, length, real_pwrite(fd, bytes, (size_t)part, at)); }

static size_t total(const struct iovec *parts, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count; i++) bytes += parts[i].iov_len;
  return bytes;
}

/* Of a shortened vector only the first part is written, or half of it. */
static ssize_t first_part(int fd, const struct iovec *parts, size_t most, off_t at) {
  size_t length = parts[0].iov_len < most ? parts[0].iov_len : most;
  return at < 0 ? real_write(fd, parts[0].iov_base, length) : real_pwrite(fd, parts[0].iov_base, length, at);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  size_t whole = total(parts, count);
  WRITING(fd, whole, (size_t)part < whole ? first_part(fd, parts, (size_t)part, -1) : real_writev(fd, parts, count));
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  size_t whole = total(parts, count);
  WRITING(fd, whole, (size_t)part < whole ? first_part(fd, parts, (size_t)part, at) : real_pwritev(fd, parts, count, at));
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) { return pwritev(fd, parts, count, at); }

#define READING(call)                \
  READY;                             \
  if (on_fd(READ, fd, 0)) return -1; \
  return call
ssize_t read(int fd, void *bytes, size_t length) { READING(real_read(fd, bytes, length)); }
ssize_t pread(int fd, void *bytes, size_t length, off_t at) { READING(real_pread(fd, bytes, length, at)); }
ssize_t pread64(int fd, void *bytes, size_t length, off_t at) { READING(real_pread(fd, bytes, length, at)); }

static int opened(int directory, const char *path, int flags, mode_t mode) {
  READY;
  if (on_path(OPEN, path, 0)) return -1;
  struct stat facts;
  int made = power_watch && (flags & O_CREAT) != 0 && fstatat(directory, path, &facts, 0) != 0;
  int fd = directory == AT_FDCWD ? real_open(path, flags, mode) : real_openat(directory, path, flags, mode);
  if (fd >= 0 && made) note_entry(OPEN, path, path);
  if (fd >= 0) on_path(OPEN, path, 1);
  return fd;
}
#define MODE mode_t mode = 0; if ((flags & (O_CREAT | O_TMPFILE)) != 0) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }
int open(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int openat(int directory, const char *path, int flags, ...) { MODE return opened(directory, path, flags, mode); }
int openat64(int directory, const char *path, int flags, ...) { MODE return opened(directory, path, flags, mode); }

#define SYNCING(call)                 \
  READY;                              \
  if (on_fd(FSYNC, fd, 0)) return -1; \
  int done = call;                    \
  if (done == 0) note_sync(fd);       \
  if (on_fd(FSYNC, fd, 1)) return -1; \
  return done
int fsync(int fd) { SYNCING(real_fsync(fd)); }
int fdatasync(int fd) { SYNCING(real_fdatasync(fd)); }

#define NAMING(op, path, from, call)                   \
  READY;                                               \
  if (on_path(op, path, 0)) return -1;                 \
  int done = call;                                     \
  if (done == 0 && op != UNLINK) note_entry(op, from, path); \
  if (done == 0 && on_path(op, path, 1)) return -1;    \
  return done
int link(const char *from, const char *to) { NAMING(LINK, to, from, real_link(from, to)); }
int mkdir(const char *path, mode_t mode) { NAMING(MKDIR, path, path, real_mkdir(path, mode)); }
int unlink(const char *path) { NAMING(UNLINK, path, path, real_unlink(path)); }
int remove(const char *path) { NAMING(UNLINK, path, path, real_remove(path)); }

int rename(const char *from, const char *to) {
  READY;
  struct stat facts;
  if (on_path(RENAME, to, 0)) return -1;
  int over = power_watch && stat(to, &facts) == 0;
  int done = real_rename(from, to);
  if (done == 0 && !over) note_entry(RENAME, from, to);
  if (done == 0 && on_path(RENAME, to, 1)) return -1;
  return done;
}

static int truncated(int fd, off_t length) {
  READY;
  if (on_fd(TRUNCATE, fd, 0)) return -1;
  note_write(fd);
  return real_ftruncate(fd, length);
}
int ftruncate(int fd, off_t length) { return truncated(fd, length); }
int ftruncate64(int fd, off_t length) { return truncated(fd, length); }

static long long jumped(void) {
  if (clock_after_ms < 0 || monotonic_ms() - started_ms < clock_after_ms) return 0;
  if (!atomic_exchange(&clock_told, 1)) tell(clock_number, "clock", "jump", "");
  return clock_seconds;
}
int clock_gettime(clockid_t id, struct timespec *out) {
  READY;
  int done = real_clock(id, out);
  if (done == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) out->tv_sec += jumped();
  return done;
}
int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  (void)zone;
  struct timespec now;
  int done = clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return done;
}
time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}
