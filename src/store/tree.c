/* Persistent B+ tree. Invariant: a block (node or row) is seen by the versions from the one that made it, `born`, to the one
 * before that which gave it up, `died`; a version edits only what was born in it, and copies the rest (`own`). Leaves hold
 * rows; in an inner node key i, a row without a value, parts child i - 1 from child i, and key 0 is NULL. A change that fails
 * leaves a tree that is ordered and can be released. No recursion: ways are arrays of bounded height. */
#include "store/tree.h"

#include "base/holders.h"
#include "base/lock.h"
#include "base/mem.h"
#include "store/check.h"

enum { PREFIX_MAX = 40 /* a letter and a hash, by which many keys begin, and some bytes more */ };

typedef struct block {
    struct block *next; /* of those that were given up, or are being freed */
    uint64_t born;
    uint64_t died;
} block;

typedef struct row {
    block head;
    uint32_t key_len;
    uint32_t value_len;
    uint8_t bytes[]; /* key, value */
} row;

typedef struct node {
    block head;
    uint16_t n; /* keys, that of child 0 among them */
    uint16_t skip;
    bool leaf;
    uint8_t prefix[PREFIX_MAX];     /* the first `skip` bytes, which all keys share */
    uint64_t tag[GASP_TREE_FANOUT]; /* of each key the next eight bytes, big-endian, zero where it ends */
    row *key[GASP_TREE_FANOUT];
    struct node *child[]; /* of an inner node */
} node;

typedef struct line {
    gasp_lock lock; /* guards what follows */
    const gasp_mem *mem;
    uint64_t last; /* number of the newest version that ever was */
    gasp_tree *oldest;
    gasp_tree *newest;
    block *given_up; /* in order of `died` */
    block *given_up_last;
} line;

struct gasp_tree {
    gasp_holders holders;
    line *of;
    uint64_t version;
    node *root;
    gasp_tree *older;
    gasp_tree *newer;
};

/* ---- blocks -------------------------------------------------------------------------------------------------------- */

static gasp_bytes row_key(const row *r)
{
    return (gasp_bytes){r->bytes, r->key_len};
}

static gasp_bytes row_value(const row *r)
{
    return (gasp_bytes){r->bytes + r->key_len, r->value_len};
}

static row *row_new(const gasp_tree *t, gasp_bytes key, gasp_bytes value)
{
    const gasp_mem *mem = t->of->mem;
    row *r = mem->allocate(mem->user, sizeof *r + key.len + value.len);
    if (r == NULL)
        return NULL;
    r->head = (block){NULL, t->version, 0};
    r->key_len = (uint32_t)key.len; /* both within the limits of gasp/kv.h */
    r->value_len = (uint32_t)value.len;
    memcpy(r->bytes, key.data, key.len);
    if (value.len > 0)
        memcpy(r->bytes + key.len, value.data, value.len);
    return r;
}

static size_t node_len(bool leaf)
{
    return sizeof(node) + (leaf ? 0 : GASP_TREE_FANOUT * sizeof(node *));
}

static node *node_new(const gasp_tree *t, bool leaf)
{
    const gasp_mem *mem = t->of->mem;
    node *made = mem->allocate(mem->user, node_len(leaf));
    if (made == NULL)
        return NULL;
    made->head = (block){NULL, t->version, 0};
    made->n = made->skip = 0;
    made->leaf = leaf;
    return made;
}

/* This version does not use the block any more. */
static void give_up(const gasp_tree *t, block *old)
{
    line *of = t->of;
    if (old->born == t->version) {
        gasp_mem_free(of->mem, old);
        return;
    }
    old->died = t->version;
    old->next = NULL;
    gasp_lock_take(&of->lock);
    if (of->given_up_last != NULL)
        of->given_up_last->next = old;
    else
        of->given_up = old;
    of->given_up_last = old;
    gasp_lock_give(&of->lock);
}

/* Makes *link a node that only this version has, given that the one above it is. */
static gasp_err own(const gasp_tree *t, node **link)
{
    node *shared = *link;
    if (shared->head.born == t->version)
        return GASP_OK;
    node *copy = gasp_mem_copy(t->of->mem, shared, node_len(shared->leaf));
    if (copy == NULL)
        return GASP_ERR_NOMEM;
    copy->head = (block){NULL, t->version, 0};
    *link = copy;
    give_up(t, &shared->head);
    return GASP_OK;
}

static void free_list(block *list, const gasp_mem *mem)
{
    while (list != NULL) {
        block *next = list->next;
        gasp_mem_free(mem, list);
        list = next;
    }
}

/* ---- versions ------------------------------------------------------------------------------------------------------ */

/* A new version behind the newest one; NULL: no memory. */
static gasp_tree *version_new(line *of)
{
    gasp_tree *made = gasp_mem_zalloc(of->mem, sizeof *made);
    if (made == NULL)
        return NULL;
    gasp_holders_init(&made->holders);
    gasp_lock_take(&of->lock);
    made->of = of;
    made->version = ++of->last;
    made->older = of->newest;
    made->root = of->newest != NULL ? of->newest->root : NULL;
    if (of->newest != NULL)
        of->newest->newer = made;
    else
        of->oldest = made;
    of->newest = made;
    gasp_lock_give(&of->lock);
    return made;
}

static gasp_err line_begin(gasp_tree **root, const gasp_mem *mem)
{
    line *of = gasp_mem_zalloc(mem, sizeof *of);
    if (of == NULL)
        return GASP_ERR_NOMEM;
    of->mem = mem;
    gasp_err err = gasp_lock_init(&of->lock);
    if (err == GASP_OK) {
        *root = version_new(of);
        if (*root != NULL)
            return GASP_OK;
        gasp_lock_clear(&of->lock);
        err = GASP_ERR_NOMEM;
    }
    gasp_mem_free(mem, of);
    return err;
}

/* Makes *root a version that only the caller holds. */
static gasp_err begin_change(gasp_tree **root, const gasp_mem *mem)
{
    gasp_tree *t = *root;
    if (t == NULL)
        return line_begin(root, mem);
    if (t->newer != NULL)
        return GASP_ERR_MISUSE;
    if (gasp_holders_alone(&t->holders))
        return GASP_OK;
    gasp_tree *made = version_new(t->of);
    if (made == NULL)
        return GASP_ERR_NOMEM;
    *root = made;
    gasp_tree_release(t, mem);
    return GASP_OK;
}

gasp_tree *gasp_tree_retain(gasp_tree *root)
{
    if (root != NULL)
        gasp_holders_add(&root->holders);
    return root;
}

/* Takes out of the list of what was given up all that no version which is held can see. `undone`: the number of the version
 * that is the newest now, when one behind it was released; 0: none is left. What died later lives again, unless it was born
 * later too. */
static block *take_garbage(line *of, bool undo, uint64_t undone)
{
    block *garbage = NULL;
    block **end = &garbage;
    while (of->given_up != NULL && of->oldest != NULL && of->given_up->died <= of->oldest->version) {
        *end = of->given_up;
        end = &(*end)->next;
        of->given_up = (*end);
    }
    *end = NULL;
    block **at = &of->given_up;
    of->given_up_last = undo ? NULL : of->given_up_last;
    while (undo && *at != NULL) {
        block *one = *at;
        if (one->died <= undone) {
            of->given_up_last = one;
            at = &one->next;
            continue;
        }
        *at = one->next;
        if (one->born > undone) {
            one->next = garbage;
            garbage = one;
        }
    }
    if (of->given_up == NULL)
        of->given_up_last = NULL;
    return garbage;
}

/* Frees what a tree has of its own: all that was born behind version `before`. Nothing below an older node is younger. */
static void free_own(node *root, uint64_t before, const gasp_mem *mem)
{
    block *list = NULL;
    if (root != NULL && root->head.born > before) {
        root->head.next = NULL;
        list = &root->head;
    }
    while (list != NULL) {
        node *one = (node *)list;
        list = list->next;
        for (size_t i = 0; i < one->n; i++) {
            if (one->key[i] != NULL && one->key[i]->head.born > before)
                gasp_mem_free(mem, one->key[i]);
            if (one->leaf || one->child[i]->head.born <= before)
                continue;
            one->child[i]->head.next = list;
            list = &one->child[i]->head;
        }
        gasp_mem_free(mem, one);
    }
}

void gasp_tree_release(gasp_tree *root, const gasp_mem *mem)
{
    if (root == NULL || !gasp_holders_drop(&root->holders))
        return;
    line *of = root->of;
    gasp_lock_take(&of->lock);
    gasp_tree *older = root->older;
    bool undo = root->newer == NULL;
    uint64_t before = older != NULL ? older->version : 0;
    if (older != NULL)
        older->newer = root->newer;
    else
        of->oldest = root->newer;
    if (undo)
        of->newest = older;
    else
        root->newer->older = older;
    block *garbage = take_garbage(of, undo, before);
    bool last = of->oldest == NULL;
    gasp_lock_give(&of->lock);
    if (undo)
        free_own(root->root, before, mem);
    free_list(garbage, mem);
    gasp_mem_free(mem, root);
    if (last) {
        gasp_lock_clear(&of->lock);
        gasp_mem_free(mem, of);
    }
}

/* ---- inside a node ------------------------------------------------------------------------------------------------- */

static uint64_t tag_of(gasp_bytes key, size_t skip)
{
    uint64_t tag = 0;
    size_t n = key.len > skip ? key.len - skip : 0;
    const uint8_t *at = key.data + (n > 0 ? skip : 0);
    if (n >= 8)
        return (uint64_t)at[0] << 56 | (uint64_t)at[1] << 48 | (uint64_t)at[2] << 40 | (uint64_t)at[3] << 32 |
               (uint64_t)at[4] << 24 | (uint64_t)at[5] << 16 | (uint64_t)at[6] << 8 | (uint64_t)at[7];
    for (size_t i = 0; i < n; i++)
        tag |= (uint64_t)at[i] << (56 - 8 * i);
    return tag;
}

/* < 0: the key stands before all that begins like the keys of this node; > 0: behind; 0: it begins so too. */
static int compare_prefix(const node *at, gasp_bytes key)
{
    size_t both = key.len < at->skip ? key.len : at->skip;
    int order = both > 0 ? memcmp(key.data, at->prefix, both) : 0;
    return order != 0 ? order : (key.len < at->skip ? -1 : 0);
}

static size_t first_key(const node *at)
{
    return at->leaf ? 0 : 1;
}

/* The place of the first key that is not below `key`; n when there is none. *equal: it is that key. */
static size_t place_of(const node *at, gasp_bytes key, bool *equal)
{
    size_t low = first_key(at);
    size_t high = at->n;
    int order = compare_prefix(at, key);
    *equal = false;
    if (order != 0 || low == high)
        return order < 0 ? low : high;
    uint64_t tag = tag_of(key, at->skip);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int there = at->tag[mid] != tag ? (at->tag[mid] < tag ? -1 : 1) : compare_keys(row_key(at->key[mid]), key);
        if (there == 0) {
            *equal = true;
            return mid;
        }
        if (there < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* The child below which a key stands, or would. */
static size_t child_of(const node *at, gasp_bytes key)
{
    bool equal;
    size_t place = place_of(at, key, &equal);
    return equal ? place : place - 1;
}

static size_t common_len(gasp_bytes a, gasp_bytes b, size_t max)
{
    size_t n = 0;
    while (n < max && n < a.len && n < b.len && a.data[n] == b.data[n])
        n++;
    return n;
}

/* What a node holds of its keys, anew: they ascend, so the first and the last tell what all share. */
static void settle(node *at)
{
    size_t first = first_key(at);
    at->skip = 0;
    if (first >= at->n)
        return;
    gasp_bytes low = row_key(at->key[first]);
    at->skip = (uint16_t)common_len(low, row_key(at->key[at->n - 1]), PREFIX_MAX);
    memcpy(at->prefix, low.data, at->skip);
    for (size_t i = first; i < at->n; i++)
        at->tag[i] = tag_of(row_key(at->key[i]), at->skip);
}

/* Puts a key, and the child that begins with it, at a place of a node that is not full. */
static void insert(node *at, size_t place, row *key, node *child)
{
    size_t behind = at->n - place;
    memmove(&at->tag[place + 1], &at->tag[place], behind * sizeof at->tag[0]);
    memmove(&at->key[place + 1], &at->key[place], behind * sizeof at->key[0]);
    if (!at->leaf)
        memmove(&at->child[place + 1], &at->child[place], behind * sizeof at->child[0]);
    at->n++;
    at->key[place] = key;
    if (!at->leaf)
        at->child[place] = child;
    if (at->n > first_key(at) + 1 && compare_prefix(at, row_key(key)) == 0)
        at->tag[place] = tag_of(row_key(key), at->skip);
    else
        settle(at);
}

static void take_out(node *at, size_t place)
{
    size_t behind = at->n - place - 1;
    memmove(&at->tag[place], &at->tag[place + 1], behind * sizeof at->tag[0]);
    memmove(&at->key[place], &at->key[place + 1], behind * sizeof at->key[0]);
    if (!at->leaf)
        memmove(&at->child[place], &at->child[place + 1], behind * sizeof at->child[0]);
    at->n--;
}

/* ---- changes ------------------------------------------------------------------------------------------------------- */

/* Divides a full child, this version's own as its parent is, which has room. */
static gasp_err split(const gasp_tree *t, node *parent, size_t which)
{
    node *left = parent->child[which];
    size_t half = GASP_TREE_FANOUT / 2;
    node *right = node_new(t, left->leaf);
    row *key = left->key[half];
    if (right == NULL)
        return GASP_ERR_NOMEM;
    if (left->leaf) {
        /* The shortest key that parts the two. */
        gasp_bytes least = row_key(key);
        least.len = common_len(row_key(left->key[half - 1]), least, least.len) + 1;
        key = row_new(t, least, (gasp_bytes){0});
        if (key == NULL) {
            gasp_mem_free(t->of->mem, right);
            return GASP_ERR_NOMEM;
        }
    }
    right->n = (uint16_t)(left->n - half);
    memcpy(right->key, &left->key[half], right->n * sizeof right->key[0]);
    if (!left->leaf) {
        memcpy(right->child, &left->child[half], right->n * sizeof right->child[0]);
        right->key[0] = NULL;
    }
    left->n = (uint16_t)half;
    settle(left);
    settle(right);
    insert(parent, which + 1, key, right);
    return GASP_OK;
}

/* A root that this version may edit, and that is not full. */
static gasp_err ready_root(gasp_tree *t)
{
    if (t->root == NULL) {
        t->root = node_new(t, true);
        return t->root != NULL ? GASP_OK : GASP_ERR_NOMEM;
    }
    gasp_err err = own(t, &t->root);
    if (err != GASP_OK || t->root->n < GASP_TREE_FANOUT)
        return err;
    node *above = node_new(t, false);
    if (above == NULL)
        return GASP_ERR_NOMEM;
    above->n = 1;
    above->key[0] = NULL;
    above->child[0] = t->root;
    t->root = above;
    return GASP_OK;
}

/* Goes down to the leaf where key is or would be, which has room then. */
static gasp_err ready_leaf(gasp_tree *t, node **leaf, gasp_bytes key)
{
    gasp_err err = ready_root(t);
    node *at = t->root;
    while (err == GASP_OK && !at->leaf) {
        size_t i = child_of(at, key);
        err = own(t, &at->child[i]);
        if (err == GASP_OK && at->child[i]->n == GASP_TREE_FANOUT) {
            err = split(t, at, i);
            i = child_of(at, key);
        }
        at = at->child[i];
    }
    *leaf = at;
    return err;
}

gasp_err gasp_tree_put(gasp_tree **root, gasp_bytes key, gasp_bytes value, const gasp_mem *mem)
{
    node *leaf;
    bool there;
    gasp_err err = begin_change(root, mem);
    if (err != GASP_OK)
        return err;
    gasp_tree *t = *root;
    row *made = row_new(t, key, value);
    if (made == NULL)
        return GASP_ERR_NOMEM;
    err = ready_leaf(t, &leaf, key);
    if (err != GASP_OK) {
        gasp_mem_free(mem, made);
        return err;
    }
    size_t place = place_of(leaf, key, &there);
    if (there) {
        give_up(t, &leaf->key[place]->head);
        leaf->key[place] = made;
    } else {
        insert(leaf, place, made, NULL);
    }
    return GASP_OK;
}

/* Takes the row at a place of a leaf out, and every node that is empty then. */
static void remove_row(gasp_tree *t, node *const way[], const size_t place[], size_t depth)
{
    node *at = way[depth];
    give_up(t, &at->key[place[depth]]->head);
    take_out(at, place[depth]);
    while (at->n == 0 && depth > 0) {
        give_up(t, &at->head);
        at = way[--depth];
        /* Its key goes with a child; where it has none, the next one's does, which is the first then. */
        size_t of = place[depth] > 0 ? place[depth] : 1;
        if (of < at->n)
            give_up(t, &at->key[of]->head);
        take_out(at, place[depth]);
        at->key[0] = NULL;
    }
    while (t->root->n == 0 || (!t->root->leaf && t->root->n == 1)) {
        node *old = t->root;
        t->root = old->n == 0 ? NULL : old->child[0];
        give_up(t, &old->head);
        if (t->root == NULL)
            break;
    }
}

gasp_err gasp_tree_del(gasp_tree **root, gasp_bytes key, const gasp_mem *mem)
{
    gasp_bytes value;
    node *way[GASP_TREE_HEIGHT_MAX];
    size_t place[GASP_TREE_HEIGHT_MAX];
    size_t depth = 0;
    bool there;
    /* Looked for first, so that deleting what is not there copies nothing. */
    if (gasp_tree_find(*root, &value, key) != GASP_OK)
        return GASP_OK;
    gasp_err err = begin_change(root, mem);
    if (err != GASP_OK)
        return err;
    gasp_tree *t = *root;
    err = own(t, &t->root);
    way[0] = t->root;
    while (err == GASP_OK && !way[depth]->leaf) {
        place[depth] = child_of(way[depth], key);
        node **link = &way[depth]->child[place[depth]];
        err = own(t, link);
        way[++depth] = *link;
    }
    if (err != GASP_OK)
        return err;
    place[depth] = place_of(way[depth], key, &there);
    remove_row(t, way, place, depth);
    return GASP_OK;
}

/* ---- looking ------------------------------------------------------------------------------------------------------- */

gasp_err gasp_tree_find(const gasp_tree *root, gasp_bytes *value, gasp_bytes key)
{
    const node *at = root != NULL ? root->root : NULL;
    bool there;
    if (at == NULL)
        return GASP_ABSENT;
    while (!at->leaf)
        at = at->child[child_of(at, key)];
    size_t place = place_of(at, key, &there);
    if (!there)
        return GASP_ABSENT;
    *value = row_value(at->key[place]);
    return GASP_OK;
}

/* Places count what stands before the cursor in a leaf, and name the child that it is in further up. */
void gasp_tree_seek(gasp_tree_cursor *cursor, const gasp_tree *root, gasp_bytes bound, bool reverse)
{
    const node *at = root != NULL ? root->root : NULL;
    bool equal;
    cursor->depth = 0;
    cursor->reverse = reverse;
    while (at != NULL) {
        size_t last = at->leaf ? at->n : (size_t)at->n - 1;
        size_t place = reverse ? last : 0;
        if (bound.len > 0)
            place = at->leaf ? place_of(at, bound, &equal) : child_of(at, bound);
        cursor->node[cursor->depth] = at;
        cursor->place[cursor->depth++] = place;
        at = at->leaf ? NULL : at->child[place];
    }
}

/* From the end of a leaf to the beginning of the next one, in the cursor's direction; false: there is none. */
static bool next_leaf(gasp_tree_cursor *cursor)
{
    size_t height = cursor->depth;
    size_t depth = height - 1;
    const node *at;
    do {
        if (depth == 0)
            return false;
        at = cursor->node[--depth];
    } while (cursor->place[depth] == (cursor->reverse ? 0 : (size_t)at->n - 1));
    cursor->place[depth] += cursor->reverse ? (size_t)-1 : 1;
    while (++depth < height) {
        at = at->child[cursor->place[depth - 1]];
        size_t last = at->leaf ? at->n : (size_t)at->n - 1;
        cursor->node[depth] = at;
        cursor->place[depth] = cursor->reverse ? last : 0;
    }
    return true;
}

bool gasp_tree_next(gasp_tree_cursor *cursor, gasp_bytes *key, gasp_bytes *value)
{
    if (cursor->depth == 0)
        return false;
    const node *leaf = cursor->node[cursor->depth - 1];
    size_t *place = &cursor->place[cursor->depth - 1];
    if (*place == (cursor->reverse ? 0 : leaf->n)) {
        if (!next_leaf(cursor))
            return false;
        leaf = cursor->node[cursor->depth - 1];
    }
    const row *r = leaf->key[cursor->reverse ? --*place : (*place)++];
    *key = row_key(r);
    *value = row_value(r);
    return true;
}

static bool node_sound(const node *at)
{
    bool sound = at->n > 0 && at->n <= GASP_TREE_FANOUT && (at->leaf || at->key[0] == NULL);
    for (size_t i = first_key(at); i < at->n; i++) {
        gasp_bytes key = row_key(at->key[i]);
        sound = sound && compare_prefix(at, key) == 0 && at->tag[i] == tag_of(key, at->skip);
        sound = sound && (i == first_key(at) || compare_keys(row_key(at->key[i - 1]), key) < 0);
    }
    return sound;
}

/* Keys of the leaf that the cursor is in lie between those that lead to it. */
static bool way_sound(const gasp_tree_cursor *cursor, gasp_bytes key)
{
    bool sound = true;
    for (size_t d = 0; sound && d < cursor->depth; d++) {
        const node *at = cursor->node[d];
        size_t i = cursor->place[d];
        sound = node_sound(at) && at->leaf == (d + 1 == cursor->depth);
        if (!at->leaf && i > 0)
            sound = sound && compare_keys(row_key(at->key[i]), key) <= 0;
        if (!at->leaf && i + 1 < at->n)
            sound = sound && compare_keys(key, row_key(at->key[i + 1])) < 0;
    }
    return sound;
}

bool gasp_tree_sound(const gasp_tree *root, size_t *rows)
{
    gasp_tree_cursor cursor;
    gasp_bytes before = {NULL, 0};
    gasp_bytes key;
    gasp_bytes value;
    *rows = 0;
    gasp_tree_seek(&cursor, root, before, false);
    while (gasp_tree_next(&cursor, &key, &value)) {
        if (!way_sound(&cursor, key) || compare_keys(before, key) >= 0)
            return false;
        before = key;
        ++*rows;
    }
    return true;
}
