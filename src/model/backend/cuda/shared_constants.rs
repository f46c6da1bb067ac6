//! All that launches and kernels share, as definitions in the source of the kernels.

use super::constants::{self, Constant};
use super::program::Products;
use super::{attention, head, launch, lora, optimizer, rows};

/// Definitions for kernels with these products.
pub fn definitions(products: Products) -> String {
    let (up_rows, up_columns) = products.block_of_lora_up();
    let of_products =
        [("TOKENS_PER_PIECE", products.tokens_per_piece()), ("UP_ROWS", up_rows), ("UP_COLUMNS", up_columns)];
    let all: [&[Constant]; 7] = [
        &launch::CONSTANTS,
        &rows::CONSTANTS,
        &head::CONSTANTS,
        &optimizer::CONSTANTS,
        &lora::CONSTANTS,
        &attention::CONSTANTS,
        &of_products,
    ];
    constants::definitions(&all.concat()) + &constants::number_definitions(&optimizer::NUMBERS)
}
