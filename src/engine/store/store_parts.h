/* store_parts.h - what the store's reading half (store.c) and its writer (writer.c) share; not for others. */
#ifndef GM_STORE_STORE_PARTS_H
#define GM_STORE_STORE_PARTS_H

#include <pthread.h>

#include "store/entries.h"
#include "store/store.h"
#include "store/tables.h"

enum { GM_MESSAGE_LENGTH = 256 };

typedef struct {
    const char *parent, *by;
    const char *const *branches; /* [n] */
    size_t n;
    int64_t revision, t_ms;
} gm_fork_request;

/* One thing that the writer is asked to do. */
typedef struct {
    const gm_update *update;     /* NULL: */
    const gm_fork_request *fork; /* then this */
    gm_entry *entry;             /* of the twin, or the parent */
    gm_status status;
    gm_receipt receipt;
    char message[GM_MESSAGE_LENGTH];
} gm_job;

/* What one caller waits for. */
typedef struct gm_job_group {
    gm_job *jobs; /* [n] */
    size_t n, n_taken, n_done;
    pthread_cond_t done;
    struct gm_job_group *next;
} gm_job_group;

struct gm_store {
    gm_store_options options;
    pthread_mutex_t lock; /* of all down to the next comment */
    pthread_cond_t work, room, settled;
    gm_entries entries;
    gm_job_group *first, *last; /* the queue */
    size_t n_waiting;
    bool is_closing;
    gm_store_on_event on_event;
    void *listener;
    uint64_t n_events, n_commits;

    pthread_mutex_t reading; /* of `readers`; taken before no other lock */
    gm_tables *readers;

    gm_tables *tables; /* of the writer alone, as is head */
    gm_head_row head;
    pthread_t writer;
};

void *gm_store_write(void *store); /* the writer's thread */

/* Puts the group into the queue and waits until its jobs are done. */
void gm_store_do(gm_store *s, gm_job_group *group);

/* Under the lock: the entry of a twin that was read from the tables, new or as it was. NULL: no memory. */
gm_entry *gm_store_adopt(gm_store *s, const gm_twin_row *row, int64_t last_ms, json_t *state);

#endif
