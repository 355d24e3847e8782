// Preloaded into a node by Tests/Crash/run: makes one write, synchronisation or renaming of the
// files below a directory fail, or ends the process in the middle of it.
//
//   CRASH_ROOT    the directory; other files, sockets and pipes are left alone
//   CRASH_AT      which of those calls, counted from 1 over all threads; 0 is none
//   CRASH_MODE    eio     that call reports an I/O error and does nothing
//                 enospc  that call and all later writes report a full disk, as does the
//                   file system when it is asked for room
//                 torn    half of that write is done, then the process ends
//                 power   the process ends before the call, and no file keeps more than half of
//                         what was not synchronised
//   CRASH_REPORT  the file that says which call it was
//   CRASH_SIGNED  the file that collects every slot of the signing record once it is durable:
//                 exactly what the node may have signed

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SLOT = 64, FILES = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long calls;
static int failing;

// What of a file was synchronised, for those that were written.
static struct { char path[512]; off_t synced; } files[FILES];
static int file_count;
static unsigned char pending[SLOT];
static int has_pending;

static const char *setting(const char *name) {
    const char *value = getenv(name);
    return value ? value : "";
}

static int below_root(int fd, char *path, size_t size) {
    const char *root = setting("CRASH_ROOT");
    size_t length = strlen(root);
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t count = length ? syscall(SYS_readlink, link, path, size - 1) : -1;
    if (count < 0) return 0;
    path[count] = 0;
    return strncmp(path, root, length) == 0 && path[length] == '/';
}

static int ends_with(const char *path, const char *end) {
    size_t length = strlen(path), tail = strlen(end);
    return length >= tail && strcmp(path + length - tail, end) == 0;
}

static int file_of(const char *path) {
    for (int i = 0; i < file_count; i++)
        if (strcmp(files[i].path, path) == 0) return i;
    if (file_count == FILES) abort();
    snprintf(files[file_count].path, sizeof files[0].path, "%s", path);
    // What was there before this process came is taken for durable.
    struct stat status;
    files[file_count].synced = stat(path, &status) == 0 ? status.st_size : 0;
    return file_count++;
}

static void append(const char *path, const void *bytes, size_t count) {
    int fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || syscall(SYS_write, fd, bytes, count) != (long)count) abort();
    syscall(SYS_close, fd);
}

static void report(const char *call, const char *path) {
    char line[700];
    int count = snprintf(line, sizeof line, "%s %s\n", call, path);
    if (*setting("CRASH_REPORT")) append(setting("CRASH_REPORT"), line, (size_t)count);
}

// A power cut: what was never synchronised is gone, or half of it is.
static void cut_power(void) {
    for (int i = 0; i < file_count; i++) {
        struct stat status;
        if (stat(files[i].path, &status) || status.st_size <= files[i].synced) continue;
        off_t kept = calls % 2 ? (status.st_size - files[i].synced) / 2 : 0;
        if (truncate(files[i].path, files[i].synced + kept)) abort();
    }
    syscall(SYS_exit_group, 137);
}

enum verdict { PROCEED, FAIL, TEAR };

// Decides about one call, under the lock.
static enum verdict judge(const char *call, const char *path, int is_write) {
    calls++;
    if (failing && is_write) {
        errno = ENOSPC;
        return FAIL;
    }
    if (calls != atol(setting("CRASH_AT"))) return PROCEED;
    const char *mode = setting("CRASH_MODE");
    report(call, path);
    if (strcmp(mode, "power") == 0) cut_power();
    if (strcmp(mode, "torn") == 0) return TEAR;
    errno = EIO;
    if (strcmp(mode, "enospc") == 0) {
        errno = ENOSPC;
        failing = 1;
    }
    return FAIL;
}

static ssize_t do_write(int fd, const void *bytes, size_t count, off_t offset) {
    return offset < 0 ? syscall(SYS_write, fd, bytes, count)
                      : syscall(SYS_pwrite64, fd, bytes, count, offset);
}

static ssize_t judged_write(const char *call, int fd, const void *bytes, size_t count, off_t offset) {
    char path[512];
    if (!below_root(fd, path, sizeof path)) return do_write(fd, bytes, count, offset);
    pthread_mutex_lock(&lock);
    file_of(path);
    enum verdict verdict = judge(call, path, 1);
    ssize_t written = -1;
    if (verdict == TEAR) {
        do_write(fd, bytes, count / 2, offset);
        syscall(SYS_exit_group, 137);
    } else if (verdict == PROCEED) {
        written = do_write(fd, bytes, count, offset);
        if (written >= SLOT && (ends_with(path, "/signed") || ends_with(path, "/signed.new"))) {
            memcpy(pending, (const char *)bytes + written - SLOT, SLOT);
            has_pending = 1;
        }
    }
    pthread_mutex_unlock(&lock);
    return written;
}

static int judged_sync(const char *call, long number, int fd) {
    char path[512];
    if (!below_root(fd, path, sizeof path)) return syscall(number, fd);
    pthread_mutex_lock(&lock);
    enum verdict verdict = judge(call, path, 0);
    if (verdict == TEAR) syscall(SYS_exit_group, 137);
    int result = verdict == FAIL ? -1 : (int)syscall(number, fd);
    struct stat status;
    if (result == 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        files[file_of(path)].synced = status.st_size;
        if (has_pending && (ends_with(path, "/signed") || ends_with(path, "/signed.new"))) {
            if (*setting("CRASH_SIGNED")) append(setting("CRASH_SIGNED"), pending, SLOT);
            has_pending = 0;
        }
    }
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    return judged_write("write", fd, bytes, count, -1);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    return judged_write("pwrite", fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset) {
    return judged_write("pwrite", fd, bytes, count, offset);
}

int fsync(int fd) { return judged_sync("fsync", SYS_fsync, fd); }

int fdatasync(int fd) { return judged_sync("fdatasync", SYS_fdatasync, fd); }

int rename(const char *from, const char *to) {
    const char *root = setting("CRASH_ROOT");
    size_t length = strlen(root);
    if (!length || strncmp(to, root, length)) return syscall(SYS_rename, from, to);
    pthread_mutex_lock(&lock);
    enum verdict verdict = judge("rename", to, 0);
    if (verdict == TEAR) syscall(SYS_exit_group, 137);
    int result = verdict == FAIL ? -1 : (int)syscall(SYS_rename, from, to);
    if (result == 0) {
        off_t synced = files[file_of(from)].synced;
        files[file_of(from)].synced = 0;
        files[file_of(to)].synced = synced;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

// RocksDB looks at the free space before it tries to go on after a full disk.
static int judged_statvfs(const char *name, const char *path, void *result) {
    int (*real)(const char *, void *);
    *(void **)&real = dlsym(RTLD_NEXT, name);
    int status = real(path, result);
    if (status == 0 && failing) {
        ((struct statvfs *)result)->f_bfree = 0;
        ((struct statvfs *)result)->f_bavail = 0;
    }
    return status;
}

int statvfs(const char *path, struct statvfs *result) {
    return judged_statvfs("statvfs", path, result);
}

int statvfs64(const char *path, struct statvfs64 *result) {
    return judged_statvfs("statvfs64", path, result);
}
