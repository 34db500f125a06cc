/* Persistent AVL tree. Invariant: a node with more than one reference, or below such a node, is never written to; a
 * change first makes its way down its own (`own`) and only then edits. A change that fails halfway leaves a tree that
 * is ordered and can be released but is perhaps not balanced; the caller drops it. No recursion: ways are arrays of
 * bounded height, and freeing strings its nodes on a list. */
#include "store/tree.h"

#include <stdatomic.h>

#include "base/mem.h"
#include "store/check.h"

typedef struct row {
    atomic_size_t refs;
    size_t key_len;
    size_t value_len;
    uint8_t bytes[]; /* key, value */
} row;

struct gasp_tree {
    atomic_size_t refs;
    gasp_tree *left;
    gasp_tree *right;
    union {
        row *row;
        gasp_tree *next; /* on the list of nodes that are being freed, when the row is gone already */
    } u;
    int height; /* 1 for a leaf */
};

static gasp_bytes row_key(const row *r)
{
    return (gasp_bytes){r->bytes, r->key_len};
}

static gasp_bytes row_value(const row *r)
{
    return (gasp_bytes){r->bytes + r->key_len, r->value_len};
}

static row *row_new(gasp_bytes key, gasp_bytes value, const gasp_mem *mem)
{
    row *r = mem->allocate(mem->user, sizeof *r + key.len + value.len);
    if (r == NULL)
        return NULL;
    atomic_init(&r->refs, 1);
    r->key_len = key.len;
    r->value_len = value.len;
    memcpy(r->bytes, key.data, key.len);
    if (value.len > 0)
        memcpy(r->bytes + key.len, value.data, value.len);
    return r;
}

/* Whether the reference given up was the last one; what others did to the thing before is then visible here. */
static bool last_reference(atomic_size_t *refs)
{
    return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

static void row_release(row *r, const gasp_mem *mem)
{
    if (last_reference(&r->refs))
        gasp_mem_free(mem, r);
}

gasp_tree *gasp_tree_retain(gasp_tree *root)
{
    if (root != NULL)
        atomic_fetch_add_explicit(&root->refs, 1, memory_order_relaxed);
    return root;
}

/* Puts node on the list of those to free when nobody else holds it. */
static void drop(gasp_tree **list, gasp_tree *node, const gasp_mem *mem)
{
    if (node == NULL || !last_reference(&node->refs))
        return;
    row_release(node->u.row, mem);
    node->u.next = *list;
    *list = node;
}

void gasp_tree_release(gasp_tree *root, const gasp_mem *mem)
{
    gasp_tree *list = NULL;
    drop(&list, root, mem);
    while (list != NULL) {
        gasp_tree *node = list;
        list = node->u.next;
        drop(&list, node->left, mem);
        drop(&list, node->right, mem);
        gasp_mem_free(mem, node);
    }
}

static gasp_tree *node_new(row *r, const gasp_mem *mem)
{
    gasp_tree *node = gasp_mem_zalloc(mem, sizeof *node);
    if (node == NULL)
        return NULL;
    atomic_init(&node->refs, 1);
    node->u.row = r;
    node->height = 1;
    return node;
}

/* Makes *link a node that only this tree has, given that all above it are. */
static gasp_err own(gasp_tree **link, const gasp_mem *mem)
{
    gasp_tree *shared = *link;
    if (shared == NULL)
        return GASP_ERR_INTERNAL;
    if (atomic_load_explicit(&shared->refs, memory_order_acquire) == 1)
        return GASP_OK;
    gasp_tree *copy = node_new(shared->u.row, mem);
    if (copy == NULL)
        return GASP_ERR_NOMEM;
    atomic_fetch_add_explicit(&copy->u.row->refs, 1, memory_order_relaxed);
    copy->left = gasp_tree_retain(shared->left);
    copy->right = gasp_tree_retain(shared->right);
    copy->height = shared->height;
    *link = copy;
    gasp_tree_release(shared, mem);
    return GASP_OK;
}

static int height(const gasp_tree *node)
{
    return node != NULL ? node->height : 0;
}

static void measure(gasp_tree *node)
{
    int left = height(node->left);
    int right = height(node->right);
    node->height = 1 + (left > right ? left : right);
}

/* The left child, which must be the tree's own, comes up. */
static void rotate_right(gasp_tree **link)
{
    gasp_tree *node = *link;
    gasp_tree *up = node->left;
    node->left = up->right;
    up->right = node;
    measure(node);
    measure(up);
    *link = up;
}

static void rotate_left(gasp_tree **link)
{
    gasp_tree *node = *link;
    gasp_tree *up = node->right;
    node->right = up->left;
    up->left = node;
    measure(node);
    measure(up);
    *link = up;
}

static gasp_err lean_right(gasp_tree **link, const gasp_mem *mem)
{
    gasp_tree *node = *link;
    gasp_err err = own(&node->left, mem);
    if (err == GASP_OK && height(node->left->left) < height(node->left->right)) {
        err = own(&node->left->right, mem);
        if (err == GASP_OK)
            rotate_left(&node->left);
    }
    if (err == GASP_OK)
        rotate_right(link);
    return err;
}

static gasp_err lean_left(gasp_tree **link, const gasp_mem *mem)
{
    gasp_tree *node = *link;
    gasp_err err = own(&node->right, mem);
    if (err == GASP_OK && height(node->right->right) < height(node->right->left)) {
        err = own(&node->right->left, mem);
        if (err == GASP_OK)
            rotate_right(&node->right);
    }
    if (err == GASP_OK)
        rotate_left(link);
    return err;
}

/* From the lowest changed place up to the root. */
static gasp_err rebalance(gasp_tree **way[], size_t depth, const gasp_mem *mem)
{
    gasp_err err = GASP_OK;
    while (err == GASP_OK && depth > 0) {
        gasp_tree **link = way[--depth];
        measure(*link);
        int lean = height((*link)->left) - height((*link)->right);
        if (lean > 1)
            err = lean_right(link, mem);
        else if (lean < -1)
            err = lean_left(link, mem);
    }
    return err;
}

static const gasp_tree *find(const gasp_tree *node, gasp_bytes key)
{
    while (node != NULL) {
        int order = compare_keys(key, row_key(node->u.row));
        if (order == 0)
            break;
        node = order < 0 ? node->left : node->right;
    }
    return node;
}

gasp_err gasp_tree_find(const gasp_tree *root, gasp_bytes *value, gasp_bytes key)
{
    const gasp_tree *node = find(root, key);
    if (node == NULL)
        return GASP_ABSENT;
    *value = row_value(node->u.row);
    return GASP_OK;
}

/* Goes down to key or to the empty place where it would be; what is on the way becomes the tree's own. way holds the
 * links above that place. */
static gasp_err descend(gasp_tree **root, gasp_tree **way[], size_t *depth, gasp_tree ***place, gasp_bytes key,
                        const gasp_mem *mem)
{
    gasp_tree **link = root;
    while (*link != NULL) {
        gasp_err err = own(link, mem);
        if (err != GASP_OK)
            return err;
        int order = compare_keys(key, row_key((*link)->u.row));
        if (order == 0)
            break;
        way[(*depth)++] = link;
        link = order < 0 ? &(*link)->left : &(*link)->right;
    }
    *place = link;
    return GASP_OK;
}

gasp_err gasp_tree_put(gasp_tree **root, gasp_bytes key, gasp_bytes value, const gasp_mem *mem)
{
    gasp_tree **way[GASP_TREE_HEIGHT_MAX];
    size_t depth = 0;
    gasp_tree **place = NULL;
    row *r = row_new(key, value, mem);
    if (r == NULL)
        return GASP_ERR_NOMEM;
    gasp_err err = descend(root, way, &depth, &place, key, mem);
    if (err != GASP_OK)
        goto out;
    if (*place != NULL) {
        row *old = (*place)->u.row;
        (*place)->u.row = r;
        r = old;
        goto out;
    }
    *place = node_new(r, mem);
    if (*place == NULL) {
        err = GASP_ERR_NOMEM;
        goto out;
    }
    r = NULL;
    err = rebalance(way, depth, mem);
out:
    if (r != NULL)
        row_release(r, mem);
    return err;
}

/* Exchanges the row of the node at place, which has two children, with the next greater one's; *place is then the node
 * to take out. */
static gasp_err take_successor(gasp_tree **way[], size_t *depth, gasp_tree ***place, const gasp_mem *mem)
{
    gasp_tree *node = **place;
    way[(*depth)++] = *place;
    gasp_tree **link = &node->right;
    for (;;) {
        gasp_err err = own(link, mem);
        if (err != GASP_OK)
            return err;
        if ((*link)->left == NULL)
            break;
        way[(*depth)++] = link;
        link = &(*link)->left;
    }
    row *r = node->u.row;
    node->u.row = (*link)->u.row;
    (*link)->u.row = r;
    *place = link;
    return GASP_OK;
}

gasp_err gasp_tree_del(gasp_tree **root, gasp_bytes key, const gasp_mem *mem)
{
    /* Looked for first, so that deleting what is not there copies nothing. */
    if (find(*root, key) == NULL)
        return GASP_OK;
    gasp_tree **way[GASP_TREE_HEIGHT_MAX];
    size_t depth = 0;
    gasp_tree **place = NULL;
    gasp_err err = descend(root, way, &depth, &place, key, mem);
    if (err == GASP_OK && *place == NULL)
        err = GASP_ERR_INTERNAL;
    if (err == GASP_OK && (*place)->left != NULL && (*place)->right != NULL)
        err = take_successor(way, &depth, &place, mem);
    if (err != GASP_OK)
        return err;
    gasp_tree *node = *place;
    *place = node->left != NULL ? node->left : node->right;
    node->left = node->right = NULL;
    gasp_tree_release(node, mem);
    return rebalance(way, depth, mem);
}

void gasp_tree_seek(gasp_tree_cursor *cursor, const gasp_tree *root, gasp_bytes bound, bool reverse)
{
    cursor->depth = 0;
    cursor->reverse = reverse;
    const gasp_tree *node = root;
    while (node != NULL) {
        int order = bound.len > 0 ? compare_keys(row_key(node->u.row), bound) : (reverse ? -1 : 1);
        bool comes = reverse ? order < 0 : order >= 0;
        if (comes)
            cursor->path[cursor->depth++] = node;
        node = comes == reverse ? node->right : node->left;
    }
}

bool gasp_tree_next(gasp_tree_cursor *cursor, gasp_bytes *key, gasp_bytes *value)
{
    if (cursor->depth == 0)
        return false;
    const gasp_tree *node = cursor->path[--cursor->depth];
    *key = row_key(node->u.row);
    *value = row_value(node->u.row);
    node = cursor->reverse ? node->left : node->right;
    while (node != NULL) {
        cursor->path[cursor->depth++] = node;
        node = cursor->reverse ? node->right : node->left;
    }
    return true;
}

static bool node_sound(const gasp_tree *node)
{
    int left = height(node->left);
    int right = height(node->right);
    return node->height == 1 + (left > right ? left : right) && left - right <= 1 && right - left <= 1;
}

bool gasp_tree_sound(const gasp_tree *root, size_t *rows)
{
    gasp_tree_cursor cursor;
    gasp_bytes before = {NULL, 0};
    gasp_bytes key;
    gasp_bytes value;
    *rows = 0;
    gasp_tree_seek(&cursor, root, before, false);
    while (cursor.depth > 0) {
        bool sound = node_sound(cursor.path[cursor.depth - 1]);
        if (!gasp_tree_next(&cursor, &key, &value) || !sound || compare_keys(before, key) >= 0)
            return false;
        before = key;
        ++*rows;
    }
    return true;
}
