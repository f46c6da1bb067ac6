//! Studies: they train for minutes, so each is started by hand (`make aa-study`) and writes what it found.

mod aa;
mod design;
mod judging;
mod rates;
mod table;
