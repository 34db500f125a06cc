/** A wallet as one checked file: everything that its store holds at one moment, written out and read back.
 *
 *  The file (all numbers little-endian):
 *
 *      offset  bytes  field
 *      0       8      magic: the letters "gaspback"
 *      8       4      form of the file: GASP_BACKUP_FORM
 *      12      4      layout version of the rows (gasp_wallet_open)
 *      16      1      network: a gasp_network
 *      17      3      zero
 *      20      8      wall ms at which it was made
 *      28             rows in strictly ascending order of their keys, each: CompactSize and key, CompactSize and value
 *              1      00: no further row
 *              8      number of rows
 *              32     SHA-256 of all bytes before it
 *
 *  What a backup holds is believed as the store itself is: the hash finds damage, it is no signature. Whoever can write
 *  the file can write a wallet, and whoever can read it can read one: it is not encrypted. gasp_wallet_check tells
 *  whether what was restored holds together.
 *
 *  Changes are numbered on from the number in the backup. A host that keeps the number of the last change it saw beside
 *  its own rows (gasp_wallet_changes) restores these from the same moment, or reads all changes anew.
 */
#ifndef GASP_BACKUP_H
#define GASP_BACKUP_H

#include "gasp/wallet.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GASP_BACKUP_FORM = 1,           /**< the form that is written, and the only one that is read */
    GASP_BACKUP_HEAD_LEN = 28,      /**< bytes before the first row */
    GASP_BACKUP_BATCH_ROWS = 8192,  /**< rows that restoring writes as one batch at most: all of them are in memory */
    GASP_BACKUP_BATCH_LEN = 4194304 /**< bytes of rows, 4 MiB, behind which a batch ends, for the same reason */
};

/** Takes len >= 1 bytes of the file, in order. Anything but GASP_OK ends the backup and is answered. */
typedef gasp_err (*gasp_backup_write)(void *ctx, const uint8_t *bytes, size_t len);

/** Gives the next bytes of the file: at least one, at most cap, unless it has ended (*len = 0). Anything but GASP_OK ends
 *  the restoring and is answered. */
typedef gasp_err (*gasp_backup_read)(void *ctx, uint8_t *out, size_t cap, size_t *len);

/** What was written or read, so far when it failed. */
typedef struct gasp_backup_report {
    uint32_t layout;      /**< version of the rows */
    gasp_network network; /**< 0 before the head was read */
    uint64_t made_ms;     /**< wall ms of the backup */
    uint64_t rows;
    uint64_t bytes;     /**< of the file */
    uint8_t sha256[32]; /**< of all bytes before it: the file's last 32; zeros until it is known */
} gasp_backup_report;

/** Writes the whole wallet as it is at this moment.
 *
 *  Units:   now.wall_ms goes into the head.
 *  Gives:   *report, which may be NULL, also on failure.
 *  Errors:  what `write` answers; what the store answers. What was written until then is no backup: restoring refuses it.
 *  Bounds:  one snapshot, held until the end; 64 KiB of memory and one row. Other threads may use the wallet meanwhile;
 *           what they commit is not in it. `write` is called with no lock held.
 */
GASP_API gasp_err gasp_wallet_backup(gasp_wallet *wallet, gasp_backup_report *report, gasp_backup_write write,
                                     void *ctx, gasp_time now) GASP_MUST_CHECK;

/** Makes an empty store a wallet again. The row that makes it one is written last, when the whole file was read and its
 *  hash is right: whatever ends a restoring, the store is then no wallet to gasp_wallet_open.
 *
 *  Shape:   config: as for gasp_wallet_open; its kv must hold no row.
 *  Gives:   *report, which may be NULL, and *fault (may be NULL): at = offset in the file, item = row, from 0. After an
 *           error the store is empty again, unless the process ended or the store failed: then rows of no wallet may be
 *           left in it, and it is best deleted.
 *  Errors:  GASP_ERR_STORE_EXISTS    the store is not empty; nothing was read
 *           GASP_ERR_FORMAT_UNKNOWN  not a backup
 *           GASP_ERR_BACKUP_VERSION  of another form, or of rows in a layout that this library does not know
 *           GASP_ERR_BACKUP_FORM     a network that is none; bytes that must be zero and are not; a key or value of a length
 *                                    that no store has; keys that do not ascend; a row of the layout that is missing or
 *                                    not what the head says; another number of rows at the end
 *           GASP_ERR_BACKUP_HASH     altered: the hash is another one
 *           GASP_ERR_COMPACT_SIZE    a length that is not in its shortest form
 *           GASP_ERR_SHORT           truncated
 *           GASP_ERR_TRAILING        something stands behind the end
 *           GASP_ERR_MISUSE          the size of config, or no store;  what `read` and the store answer
 *  Bounds:  memory for one batch (GASP_BACKUP_BATCH_*) and one row; a length is believed only as far as bytes have come.
 *           Each batch is written synced. Threads: nobody else uses the store meanwhile.
 */
GASP_API gasp_err gasp_wallet_restore(const gasp_wallet_config *config, gasp_backup_report *report,
                                      gasp_backup_read read, void *ctx, gasp_fault *fault) GASP_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
