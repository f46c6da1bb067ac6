//! Of what tests say that cannot run here.

use super::needs::{NEEDS, line};

#[test]
fn a_test_that_lacks_something_says_so_and_fails_where_that_is_required() {
    let of = |required: &str| line("a::test", "avx512", "no AVX-512", required);
    assert_eq!(of("").unwrap(), "SKIPPED a::test: needs avx512: no AVX-512\n");
    assert_eq!(of("slurm, avx2").unwrap(), of("").unwrap());
    for required in ["avx512", "slurm, avx512", "all"] {
        assert!(of(required).unwrap_err().starts_with("a::test needs avx512"), "{required}");
    }
    // Not taken for a machine on which all is well.
    assert!(of("avx-512").unwrap_err().contains("no test needs `avx-512` (there are avx2, avx512,"));
}

/// What is required is known by its name, even where nothing is skipped.
#[test]
fn what_is_required_here_is_something_that_tests_need() {
    let required = std::env::var("SWEEP_REQUIRE").unwrap_or_default();
    for name in required.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        assert!(NEEDS.contains(&name) || name == "all", "SWEEP_REQUIRE: no test needs `{name}`");
    }
}
