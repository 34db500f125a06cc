/** The kv port on LevelDB: a directory on a disk. Product gasp::leveldb; gasp::gasp itself does not link LevelDB.
 *
 *  One process holds a store at a time, and opens it once: a second opening, in this process or another, is answered
 *  with GASP_ERR_STORE_LOCKED and the owner's pid in the text. The lock is the operating system's (flock on the file
 *  OWNER in the directory), so it ends with its process however that ends. It is also taken within one process because
 *  LevelDB 1.23 loses its own lock when it is opened there twice.
 *
 *  After a failed write LevelDB's handle is not used again: the next call closes it and opens the directory anew, which
 *  drops what the failed write left of itself. Snapshots of before are lost by that (GASP_ERR_STORE_IO). Calls are
 *  answered with the same error while another call is still inside the old handle, or while the directory cannot be
 *  opened.
 *
 *  Memory of LevelDB does not pass through gasp_mem, and LevelDB ends the process when it gets none.
 */
#ifndef GASP_LEVELDB_H
#define GASP_LEVELDB_H

#include "gasp/kv.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What must be there when a store is opened. */
typedef enum gasp_leveldb_mode {
    GASP_LEVELDB_OPEN = 0,          /**< a store is there: GASP_ERR_STORE_MISSING otherwise, and nothing is made */
    GASP_LEVELDB_CREATE = 1,        /**< none is there: GASP_ERR_STORE_EXISTS otherwise */
    GASP_LEVELDB_OPEN_OR_CREATE = 2 /**< either */
} gasp_leveldb_mode;

/** How to open. Always begin with gasp_leveldb_config_init. */
typedef struct gasp_leveldb_config {
    size_t size;             /**< sizeof(gasp_leveldb_config), for later growth */
    gasp_leveldb_mode mode;  /**< GASP_LEVELDB_OPEN */
    size_t cache_len;        /**< bytes of uncompressed blocks kept in memory; 16 MiB */
    size_t write_buffer_len; /**< bytes of newest rows in memory before they become a table, twice at most; 8 MiB */
    int open_files_max;      /**< tables kept open, each a file descriptor or a mapping; 128 */
} gasp_leveldb_config;

/** The values given above. */
GASP_API void gasp_leveldb_config_init(gasp_leveldb_config *config);

/** Opens the store in the directory `path`.
 *
 *  Shape:   path: NUL-terminated, as the operating system takes it. Its parent must be there; the directory itself is
 *           made (mode 0700) unless config->mode is GASP_LEVELDB_OPEN. Nothing else should live in it.
 *           config: NULL for the defaults. why: may be NULL; else the text of the failure, "" on GASP_OK.
 *  Gives:   *out on GASP_OK only; the caller ends it with gasp_kv_close. mem must outlive it; NULL is the C heap.
 *  Errors:  GASP_ERR_MISUSE         out or path is NULL, path is too long, or config was not initialised
 *           GASP_ERR_STORE_MISSING  no store is there, and the mode wants one
 *           GASP_ERR_STORE_EXISTS   a store is there, and the mode wants none
 *           GASP_ERR_STORE_LOCKED   somebody has it open; the text names the pid
 *           GASP_ERR_STORE_IO       the directory cannot be made, read or written
 *           GASP_ERR_STORE_CORRUPT  it holds bytes that LevelDB did not write, or a table is gone
 *           GASP_ERR_NOMEM
 *  Bounds:  reads back at most what was written since the last table was made. Values are stored as they are: hashes
 *           and signatures do not compress. Every read checks its checksum.
 */
GASP_API gasp_err gasp_kv_leveldb_open(gasp_kv **out, const char *path, const gasp_leveldb_config *config,
                                       const gasp_mem *mem, gasp_kv_text *why) GASP_MUST_CHECK;

/** Deletes the store in the directory `path` with all that it holds, and the directory unless it holds something else.
 *
 *  Errors:  GASP_ERR_MISUSE         path is NULL or too long
 *           GASP_ERR_STORE_MISSING  no store is there; nothing is deleted
 *           GASP_ERR_STORE_LOCKED   somebody has it open; the text names the pid
 *           GASP_ERR_STORE_IO       something could not be deleted
 */
GASP_API gasp_err gasp_kv_leveldb_destroy(const char *path, gasp_kv_text *why) GASP_MUST_CHECK;

enum { GASP_LEVELDB_VERSION_MAX = 24 /**< characters of the version and its NUL */ };

/** The version of LevelDB that runs, as "MAJOR.MINOR" and a NUL. */
GASP_API void gasp_leveldb_version(char out[GASP_LEVELDB_VERSION_MAX]);

#ifdef __cplusplus
}
#endif
#endif
