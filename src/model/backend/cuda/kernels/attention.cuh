// What both kinds of attention share: each block of threads takes one head of some tokens of a sequence.

const int ROW_WORDS = (LONGEST + BLOCK - 1) / BLOCK * 8;

// Some tokens of a sequence: TOKENS of them, or the rest.
struct Piece {
    // Row of the sequence's first token, and its tokens.
    int start, length;
    // First token of the piece.
    int first;
    int index_in_run, run, sequence;
};

// Where query, key and value (or their gradients) lie. Where only first tokens ask, `query` has a row per sequence.
struct Inputs {
    const value* query;
    const value* key;
    const value* values;
    int query_stride, key_stride;
    bool firsts;
};

static_assert(sizeof(Piece) == PIECE_BYTES && sizeof(Inputs) == INPUTS_BYTES, "layout of pieces and inputs");

struct Block {
    Piece piece;
    int head;
    const Run& run;
    // Queries of the sequence, and the row of the first one.
    int queries, query_row;
    // Word of the dropout mask of this head's first query.
    u64 word;
    __device__ Block(const Piece* pieces, int number, const Runs& runs, bool firsts)
        : piece(pieces[number]), head(blockIdx.y), run(runs.run[piece.run]) {
        queries = firsts ? 1 : piece.length;
        query_row = firsts ? piece.sequence : piece.start;
        word = (u64)(piece.index_in_run * HEADS + head) * LONGEST * ROW_WORDS;
    }
};
