/* One climb through a compound path gives all the single ones that are wanted of it. */
#include "wallet/paths.h"

#include "base/mem.h"
#include "chain/bump_kept.h"

/* What is wanted of one path. */
typedef struct group {
    size_t *members; /**< numbers of the transactions */
    gasp_txid *txids;
    gasp_data *singles;
    size_t n;
} group;

static gasp_err split_group(gasp_data outs[], const gasp_bump *bump, group *g, const gasp_mem *mem)
{
    if (g->n == 0)
        return GASP_OK;
    gasp_err err = gasp_bump_cut(g->singles, bump, g->txids, g->n, mem);
    for (size_t i = 0; err == GASP_OK && i < g->n; i++)
        outs[g->members[i]] = g->singles[i];
    return err;
}

/* Counts the members of each path in heads[b + 1], then turns counts into places: members of b stand at heads[b].. */
static void place_groups(size_t heads[], const gasp_bump *const bumps[], size_t n_bumps, const size_t bump_of[],
                         const gasp_txid txids[], size_t n, size_t members[])
{
    uint64_t index;
    for (size_t i = 0; i < n; i++)
        if (bump_of[i] != GASP_PATHS_NONE)
            heads[bump_of[i] + 1]++;
    for (size_t b = 0; b < n_bumps; b++)
        heads[b + 1] += heads[b];
    /* heads[n_bumps + 1 + b] counts what of b was placed: those that the path holds. */
    for (size_t i = 0; i < n; i++) {
        size_t b = bump_of[i];
        if (b != GASP_PATHS_NONE && gasp_bump_find(bumps[b], &index, &txids[i]) == GASP_OK)
            members[heads[b] + heads[n_bumps + 1 + b]++] = i;
    }
}

gasp_err gasp_paths_split(gasp_data outs[], const gasp_bump *const bumps[], size_t n_bumps, const size_t bump_of[],
                          const gasp_txid txids[], size_t n, const gasp_mem *mem)
{
    size_t *heads = gasp_mem_zalloc_array(mem, 2 * n_bumps + 1, sizeof *heads);
    size_t *members = gasp_mem_zalloc_array(mem, n, sizeof *members);
    gasp_txid *chosen = gasp_mem_zalloc_array(mem, n, sizeof *chosen);
    gasp_data *singles = gasp_mem_zalloc_array(mem, n, sizeof *singles);
    bool memory = heads != NULL && members != NULL && chosen != NULL && singles != NULL;
    gasp_err err = memory ? GASP_OK : GASP_ERR_NOMEM;
    for (size_t i = 0; i < n; i++)
        outs[i] = (gasp_data){0};
    if (memory)
        place_groups(heads, bumps, n_bumps, bump_of, txids, n, members);
    for (size_t b = 0; err == GASP_OK && b < n_bumps; b++) {
        group g = {members + heads[b], chosen, singles, heads[n_bumps + 1 + b]};
        for (size_t i = 0; i < g.n; i++)
            chosen[i] = txids[g.members[i]];
        err = split_group(outs, bumps[b], &g, mem);
    }
    for (size_t i = 0; err != GASP_OK && i < n; i++)
        gasp_data_clear(&outs[i]);
    gasp_mem_free(mem, heads);
    gasp_mem_free(mem, members);
    gasp_mem_free(mem, chosen);
    gasp_mem_free(mem, singles);
    return err;
}
