/* replay_main.c - runs a fuzz target over every file of a folder, in builds without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Without spare bytes behind the data, so that the address sanitizer sees one read too many. */
static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END)) return -1;
    long length = ftell(f);
    rewind(f);
    size_t n = length > 0 ? (size_t)length : 0;
    uint8_t *data = malloc(n ? n : 1);
    int ok = data && fread(data, 1, n, f) == n;
    fclose(f);
    if (ok) LLVMFuzzerTestOneInput(data, n);
    free(data);
    return ok ? 0 : -1;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        fprintf(stderr, "usage: %s FOLDER (of inputs)\n", argv[0]);
        return 2;
    }
    int n_files = 0, n_unreadable = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        n_files++;
        if (run_file(path)) {
            n_unreadable++;
            printf("%s: cannot be read\n", path);
        }
    }
    closedir(folder);
    printf("%d files replayed, %d unreadable\n", n_files - n_unreadable, n_unreadable);
    return n_files == 0 || n_unreadable != 0;
}
