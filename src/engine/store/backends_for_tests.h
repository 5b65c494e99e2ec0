/* Tests run against every database: SQLite in a new folder, and a PostgreSQL of their own on a socket in it,
 * started as the user postgres where the tests run as root, stopped and removed at the end. */
#ifndef GM_STORE_BACKENDS_FOR_TESTS_H
#define GM_STORE_BACKENDS_FOR_TESTS_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/sql.h"
#include "testing/gm_test.h"

#define GM_POSTGRES "/usr/lib/postgresql/15/bin"

static char test_folder[128], test_server[160]; /* the server's folder; "": none runs */

static int shell(const char *command)
{
    fflush(stdout);
    return system(command);
}

static void stop_backends(void)
{
    char command[640];
    const char *as = geteuid() == 0 ? "runuser -u postgres -- " : "";
    if (test_server[0]) {
        snprintf(command, sizeof command,
                 "cd / && %s" GM_POSTGRES "/pg_ctl -D %s/data -m immediate stop >/dev/null 2>&1",
                 as, test_server);
        shell(command);
    }
    if (test_folder[0]) {
        snprintf(command, sizeof command, "rm -rf %s", test_folder);
        shell(command);
    }
}

static void start_backends(void)
{
    snprintf(test_folder, sizeof test_folder, "/tmp/gm_store_XXXXXX");
    if (!mkdtemp(test_folder)) {
        printf("no folder for tests\n");
        exit(1);
    }
    atexit(stop_backends);
}

/* False: PostgreSQL is not on this machine. */
static bool start_server(void)
{
    char command[1600];
    const char *as = geteuid() == 0 ? "runuser -u postgres -- " : "";
    if (test_server[0]) return true;
    if (access(GM_POSTGRES "/initdb", X_OK) != 0) return false;
    snprintf(test_server, sizeof test_server, "%s/pg", test_folder);
    snprintf(command, sizeof command,
             "chmod 755 %s && mkdir %s && chmod 700 %s && { [ $(id -u) -ne 0 ] || chown postgres: "
             "%s; } && cd / &&"
             " %s" GM_POSTGRES "/initdb -D %s/data -A trust -U postgres --no-sync -E UTF8 "
             "--locale=C.UTF-8 >/dev/null && %s" GM_POSTGRES
             "/pg_ctl -D %s/data -w -l %s/log -o \"-k %s -c listen_addresses=''\" start >/dev/null",
             test_folder, test_server, test_server, test_server, as, test_server, as, test_server,
             test_server, test_server);
    if (shell(command) == 0) return true;
    printf("PostgreSQL did not start\n");
    test_server[0] = 0;
    return false;
}

/* A new, empty place for a store; NULL: this back end is not on this machine. Number it. */
static const char *new_place(const gm_sql_ops *ops, char out[256])
{
    static int n;
    char command[512];
    n++;
    if (ops == &gm_sql_sqlite) {
        snprintf(out, 256, "%s/%d.db", test_folder, n);
        return out;
    }
    if (!start_server()) return NULL;
    const char *as = geteuid() == 0 ? "runuser -u postgres -- " : "";
    snprintf(command, sizeof command, "cd / && %s" GM_POSTGRES "/createdb -h %s -U postgres t%d",
             as, test_server, n);
    if (shell(command) != 0) return NULL;
    snprintf(out, 256, "host=%s user=postgres dbname=t%d", test_server, n);
    return out;
}

/* Leaves the test where the back end is missing: see NEED_DATA. */
#define NEED_PLACE(place, ops)                                         \
    do {                                                               \
        if (!new_place(ops, place)) {                                  \
            printf("skipped: %s is not on this machine\n", (ops)->id); \
            gm_skipped_in_test = 1;                                    \
            if (getenv("GM_NO_SKIP")) gm_failed_in_test++;             \
            return;                                                    \
        }                                                              \
    } while (0)

#endif
