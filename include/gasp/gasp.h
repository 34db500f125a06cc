/** All of libgasp. Each header can be included alone; this is for programs that do not care which.
 *
 *  gasp/leveldb.h, gasp/json.h and gasp/node.h belong to products of their own (gasp::leveldb, gasp::json, gasp::node): what
 *  they declare must be linked when it is used, not when it is included.
 */
#ifndef GASP_GASP_H
#define GASP_GASP_H

#include "gasp/admit.h"
#include "gasp/backup.h"
#include "gasp/beef.h"
#include "gasp/block.h"
#include "gasp/bump.h"
#include "gasp/error.h"
#include "gasp/header.h"
#include "gasp/headers.h"
#include "gasp/json.h"
#include "gasp/kv.h"
#include "gasp/leveldb.h"
#include "gasp/limits.h"
#include "gasp/message.h"
#include "gasp/node.h"
#include "gasp/record.h"
#include "gasp/session.h"
#include "gasp/set.h"
#include "gasp/tx.h"
#include "gasp/types.h"
#include "gasp/verifier.h"
#include "gasp/version.h"
#include "gasp/wallet.h"

#endif
