/* Replays files, or all files of folders, through a fuzz target; for builds without libFuzzer. Prints how many there
 * were: none is a failure, so that a lost corpus is seen. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return -1;
    fseek(file, 0, SEEK_END);
    long len = ftell(file);
    rewind(file);
    uint8_t *bytes = len < 0 ? NULL : malloc((size_t)len + (len == 0));
    int answer = -1;
    if (bytes != NULL && fread(bytes, 1, (size_t)len, file) == (size_t)len) {
        (void)LLVMFuzzerTestOneInput(bytes, (size_t)len);
        answer = 1;
    }
    free(bytes);
    fclose(file);
    return answer;
}

/* Files in a folder, not below it; -1 when one cannot be read. */
static int replay_folder(const char *path, DIR *folder)
{
    int files = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char full[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(full, sizeof full, "%s/%s", path, entry->d_name);
        if (replay_file(full) < 0)
            return -1;
        files++;
    }
    return files;
}

int main(int argc, char **argv)
{
    int files = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        int more = folder != NULL ? replay_folder(argv[i], folder) : replay_file(argv[i]);
        if (folder != NULL)
            closedir(folder);
        if (more < 0) {
            fprintf(stderr, "cannot read %s\n", argv[i]);
            return 1;
        }
        files += more;
    }
    printf("%d inputs replayed\n", files);
    return files > 0 ? 0 : 1;
}
