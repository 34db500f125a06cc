/* Freeing of questions and what was answered in them. */
#include "wallet/ask.h"

#include "base/mem.h"

void gasp_find_clear(gasp_find *find)
{
    if (find->mem == NULL)
        return;
    for (size_t i = 0; i < find->n_sources; i++)
        gasp_blob_release(find->sources[i].blob);
    gasp_mem_free(find->mem, find->txs);
    gasp_mem_free(find->mem, find->blocks);
    gasp_mem_free(find->mem, find->sources);
    gasp_mem_free(find->mem, find->spents);
    gasp_mem_free(find->mem, find->spends);
    *find = (gasp_find){0};
}

void gasp_load_clear(gasp_load *load)
{
    if (load->mem == NULL)
        return;
    for (size_t i = 0; i < load->n_nodes; i++) {
        gasp_blob_release(load->nodes[i].raw);
        gasp_blob_release(load->nodes[i].bump);
        gasp_blob_release(load->nodes[i].entries);
        gasp_mem_free(load->mem, load->nodes[i].inputs);
    }
    gasp_mem_free(load->mem, load->nodes);
    *load = (gasp_load){0};
}

void gasp_verify_clear(gasp_verify *verify)
{
    if (verify->mem == NULL)
        return;
    gasp_mem_free(verify->mem, verify->nodes);
    *verify = (gasp_verify){0};
}

void gasp_commit_clear(gasp_commit *commit)
{
    if (commit->mem == NULL)
        return;
    for (size_t i = 0; i < commit->n_graphs; i++) {
        gasp_mem_free(commit->mem, commit->graphs[i].nodes);
        gasp_mem_free(commit->mem, commit->graphs[i].declined);
    }
    gasp_mem_free(commit->mem, commit->graphs);
    *commit = (gasp_commit){0};
}
