//! Who may ask.
//!
//! A server on one's own machine can be reached by every page that a browser shows and by everybody who is logged in there. So,
//! before anything is answered:
//!
//! * The request must call the server by a name of its own ([`Hosts`]): a foreign name that was made to point here
//!   (DNS rebinding) is refused.
//! * A page of another origin is refused, whatever it asks for ([`origin`]).
//! * Whatever is told of results needs the [`Token`], in a header that only the page's own script sets. There is no cookie, so no
//!   browser sends anything by itself, and other servers on the same machine get nothing.

mod check;
mod hosts;
mod origin;
mod token;
mod token_file;

pub use check::{Access, Refusal};
pub use hosts::Hosts;
pub use token::Token;
pub use token_file::TokenFile;
