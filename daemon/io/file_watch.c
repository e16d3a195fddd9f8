/* SPDX-License-Identifier: Apache-2.0 */
/* Files that people edit: inotify on their folders, and a little patience. */
#include "io/file_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "io/files.h"
#include "io/log.h"

#define AGAIN_MS 2000 /* a folder that is not there (yet, or any more) */
#define CHANGES (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ATTRIB)
#define GONE (IN_DELETE_SELF | IN_IGNORED | IN_UNMOUNT)
#define CLOSED (IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM)
#define OPEN_FILES 64 /* are told apart; of more it is as if one were never closed */

struct watched_folder {
	char *path; /* owned */
	int number; /* inotify's; -1: not watched yet */
};

struct file_watch {
	void (*changed)(void *ctx);
	void *ctx;
	int fd;				       /* -1: the system gives none */
	struct event *reader, *settle, *again; /* owned */
	struct watched_folder folders[WATCH_FOLDERS];
	unsigned count;
	int64_t first_at; /* monotonic: of the burst; 0: none */
	/* Files that somebody writes and has not closed. */
	uint64_t open[OPEN_FILES]; /* hashes of folder and name */
	unsigned open_count;
	bool crowded; /* there was no room for one */
};

static void
timer_set(struct event *timer, int64_t ms)
{
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_add(timer, &wait);
}

/* ---- folders ---- */

static bool
folder_watch(struct file_watch *watch, struct watched_folder *folder)
{
	if (folder->number < 0 && watch->fd >= 0)
		folder->number = inotify_add_watch(watch->fd, folder->path,
						   CHANGES | IN_MOVED_FROM | IN_DELETE_SELF |
							   IN_MODIFY | IN_ONLYDIR);
	return folder->number >= 0;
}

static void
folder_add(struct file_watch *watch, const char *path)
{
	struct watched_folder *folder = &watch->folders[watch->count];

	for (unsigned i = 0; i < watch->count; i++)
		if (strcmp(watch->folders[i].path, path) == 0)
			return;
	if (watch->count == WATCH_FOLDERS)
		return;
	*folder = (struct watched_folder){files_text(str_of(path)), -1};
	watch->count++;
	if (watch->fd < 0 || folder_watch(watch, folder))
		return;
	log_warn("rules",
		 "the folder %s cannot be watched for changes: %s; tried again, and SIGHUP or "
		 "churnctl reload work always",
		 path, strerror(errno));
	timer_set(watch->again, AGAIN_MS);
}

/* Cuts the last part of a path off: "rules/a.yaml" -> "rules", "a.yaml" -> ".". */
static void
folder_of_add(struct file_watch *watch, char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL) {
		folder_add(watch, ".");
		return;
	}
	slash[slash == path] = '\0';
	folder_add(watch, path);
}

static void
folders_drop(struct file_watch *watch)
{
	for (unsigned i = 0; i < watch->count; i++) {
		if (watch->folders[i].number >= 0)
			(void)inotify_rm_watch(watch->fd, watch->folders[i].number);
		mem_free(watch->folders[i].path);
	}
	watch->count = 0;
}

void
file_watch_set(struct file_watch *watch, const struct str *paths, unsigned count)
{
	folders_drop(watch);
	for (unsigned i = 0; i < count; i++) {
		char *path = files_text(paths[i]);
		char *real = realpath(path, NULL); /* for free() */

		folder_of_add(watch, path);
		if (real != NULL)
			folder_of_add(watch, real);
		free(real);
		mem_free(path);
	}
}

/* ---- what happens in them ---- */

static void
settle_later(struct file_watch *watch)
{
	int64_t now = clock_monotonic();

	if (watch->first_at == 0)
		watch->first_at = now;
	if (now - watch->first_at < WATCH_PATIENCE_MS)
		timer_set(watch->settle, WATCH_SETTLE_MS);
}

/* inotify gives one number to one folder, whatever it is called. */
static void
folder_gone(struct file_watch *watch, int number)
{
	for (unsigned i = 0; i < watch->count; i++) {
		if (watch->folders[i].number != number)
			continue;
		watch->folders[i].number = -1;
		timer_set(watch->again, AGAIN_MS);
	}
}

/* By the folder's path: its number is another one once the folders are set anew. */
static uint64_t
file_hash(const struct file_watch *watch, int number, struct str name)
{
	struct hash_seed seed = {0, 0};

	for (unsigned i = 0; i < watch->count && seed.k1 == 0; i++) {
		struct str path = str_of(watch->folders[i].path);

		if (watch->folders[i].number == number)
			seed = (struct hash_seed){hash_bytes(path.p, path.n, seed), 1};
	}
	return hash_bytes(name.p, name.n, seed);
}

static void
file_opened(struct file_watch *watch, uint64_t file)
{
	for (unsigned i = 0; i < watch->open_count; i++)
		if (watch->open[i] == file)
			return;
	if (watch->open_count < OPEN_FILES)
		watch->open[watch->open_count++] = file;
	else
		watch->crowded = true;
}

static void
file_closed(struct file_watch *watch, uint64_t file)
{
	for (unsigned i = 0; i < watch->open_count; i++) {
		if (watch->open[i] != file)
			continue;
		watch->open[i] = watch->open[--watch->open_count];
		return;
	}
}

static void
on_happened(struct file_watch *watch, const struct inotify_event *event, struct str name)
{
	if (event->mask & GONE)
		folder_gone(watch, event->wd);
	if (event->mask & IN_MODIFY)
		file_opened(watch, file_hash(watch, event->wd, name));
	if (event->mask & CLOSED)
		file_closed(watch, file_hash(watch, event->wd, name));
	if (event->mask & (CHANGES | IN_Q_OVERFLOW) || watch->first_at != 0)
		settle_later(watch);
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	_Alignas(struct inotify_event) char
		bytes[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
	struct file_watch *watch = ctx;
	ssize_t n;

	(void)what;
	while ((n = read(fd, bytes, sizeof bytes)) > 0) {
		for (ssize_t at = 0; at < n;) {
			struct inotify_event event;

			memcpy(&event, bytes + at, sizeof event);
			at += (ssize_t)sizeof event;
			on_happened(watch, &event, str_of(event.len > 0 ? bytes + at : ""));
			at += (ssize_t)event.len;
		}
	}
}

static void
on_settled(evutil_socket_t fd, short what, void *ctx)
{
	struct file_watch *watch = ctx;

	(void)fd, (void)what;
	if ((watch->open_count > 0 || watch->crowded) &&
	    clock_monotonic() - watch->first_at < WATCH_PATIENCE_MS) {
		timer_set(watch->settle, WATCH_SETTLE_MS);
		return;
	}
	watch->first_at = 0;
	watch->open_count = 0;
	watch->crowded = false;
	watch->changed(watch->ctx);
}

static void
on_again(evutil_socket_t fd, short what, void *ctx)
{
	struct file_watch *watch = ctx;
	bool missing = false;

	(void)fd, (void)what;
	for (unsigned i = 0; i < watch->count; i++) {
		if (watch->folders[i].number >= 0)
			continue;
		if (folder_watch(watch, &watch->folders[i]))
			settle_later(watch);
		else
			missing = true;
	}
	if (missing)
		timer_set(watch->again, AGAIN_MS);
}

/* ---- for the owner ---- */

struct file_watch *
file_watch_create(struct event_base *base, void (*changed)(void *ctx), void *ctx)
{
	struct file_watch *watch = mem_alloc(sizeof *watch);

	watch->changed = changed;
	watch->ctx = ctx;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	watch->settle = event_new(base, -1, 0, on_settled, watch);
	watch->again = event_new(base, -1, 0, on_again, watch);
	if (watch->fd >= 0) {
		watch->reader =
			event_new(base, watch->fd, EV_READ | EV_PERSIST, on_readable, watch);
		event_add(watch->reader, NULL);
	} else {
		log_warn(
			"rules",
			"rule files are not watched: %s; SIGHUP or churnctl reload work always",
			strerror(errno));
	}
	return watch;
}

void
file_watch_destroy(struct file_watch *watch)
{
	if (watch == NULL)
		return;
	folders_drop(watch);
	if (watch->reader != NULL)
		event_free(watch->reader);
	event_free(watch->settle);
	event_free(watch->again);
	if (watch->fd >= 0)
		close(watch->fd);
	mem_free(watch);
}
