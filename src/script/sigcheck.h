/** What CHECKSIG does with a signature and a key that a script gave it. */
#ifndef GASP_SCRIPT_SIGCHECK_H
#define GASP_SCRIPT_SIGCHECK_H

#include "script/script.h"

/** Judges signature (DER and hash type byte, as a script holds it) and key against the transaction.
 *
 *  Shape:   code: the script code, what FindAndDelete removes already gone. For a locking script of a template this is
 * the script itself: the original form would remove pushes equal to the signature, but a key is no signature, and 20
 * bytes are fewer than any signature can be brought to. rules: already for the transaction's version
 * (gasp_script_rules_for_version). Errors:  GASP_ERR_VERIFY_SCRIPT    the encoding breaks a rule, or the signature is
 * not right GASP_ERR_VERIFY_DEFERRED  not strict DER, and the rules allow that */
gasp_err gasp_sigcheck(const gasp_ecdsa *ecdsa, const gasp_script_job *job, gasp_script_rules rules,
                       gasp_bytes signature, gasp_bytes key, gasp_bytes code) GASP_MUST_CHECK;

/** Whether a signature with this last byte is over the FORKID form under these rules. */
bool gasp_sigcheck_is_forkid(gasp_script_rules rules, gasp_bytes signature);

#endif
