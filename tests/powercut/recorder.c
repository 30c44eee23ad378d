/* Records, in order, every write, cut and sync of the files below SEALLINE_RECORD to the file SEALLINE_RECORD_TO.
 *
 * SQLite's -shm is mapped, not written: it is not needed after a cut, because SQLite makes it anew from the WAL.
 * Preloaded into a process that writes a journal. One record: header, path, data; see disk.py for the reader.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITE = 1, TRUNCATE = 2, SYNC = 3, REMOVE = 4 };

struct header {
    uint32_t kind, path_bytes;
    uint64_t offset, data_bytes;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;

static void put(const void *bytes, size_t count) {
    const char *at = bytes;
    while (count > 0) {
        long done = syscall(SYS_write, log_fd, at, count);
        if (done <= 0) abort(); /* a gap in the record would prove nothing */
        at += done;
        count -= (size_t)done;
    }
}

static void record(uint32_t kind, const char *path, uint64_t offset, const void *data, uint64_t data_bytes) {
    const char *below = getenv("SEALLINE_RECORD"), *to = getenv("SEALLINE_RECORD_TO");
    if (below == NULL || to == NULL || strncmp(path, below, strlen(below)) != 0) return;
    pthread_mutex_lock(&lock);
    if (log_fd < 0) log_fd = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log_fd < 0) abort();
    struct header header = {kind, (uint32_t)strlen(path), offset, data_bytes};
    put(&header, sizeof header);
    put(path, header.path_bytes);
    if (data != NULL) put(data, data_bytes);
    pthread_mutex_unlock(&lock);
}

static void record_fd(uint32_t kind, int fd, uint64_t offset, const void *data, uint64_t data_bytes) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    record(kind, path, offset, data, data_bytes);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t offset) {
    ssize_t done = REAL(pwrite64)(fd, data, count, offset);
    if (done > 0) record_fd(WRITE, fd, (uint64_t)offset, data, (uint64_t)done);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) {
    return pwrite64(fd, data, count, offset);
}

ssize_t write(int fd, const void *data, size_t count) {
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t done = REAL(write)(fd, data, count);
    /* In append mode the place is known only afterwards. */
    if (done > 0 && offset >= 0) record_fd(WRITE, fd, (uint64_t)(lseek(fd, 0, SEEK_CUR) - done), data, (uint64_t)done);
    return done;
}

int ftruncate64(int fd, off64_t length) {
    int failed = REAL(ftruncate64)(fd, length);
    if (!failed) record_fd(TRUNCATE, fd, (uint64_t)length, NULL, 0);
    return failed;
}

int ftruncate(int fd, off_t length) {
    return ftruncate64(fd, length);
}

int fsync(int fd) {
    int failed = REAL(fsync)(fd);
    if (!failed) record_fd(SYNC, fd, 0, NULL, 0);
    return failed;
}

int fdatasync(int fd) {
    int failed = REAL(fdatasync)(fd);
    if (!failed) record_fd(SYNC, fd, 0, NULL, 0);
    return failed;
}

int unlink(const char *path) {
    int failed = REAL(unlink)(path);
    if (!failed) record(REMOVE, path, 0, NULL, 0);
    return failed;
}
