//! Of what tests say that cannot run here.

use super::needs::line;

#[test]
fn a_test_that_lacks_something_says_so_and_fails_where_that_is_required() {
    let of = |required: &str| line("a::test", "avx512", "no AVX-512", required);
    assert_eq!(of("").unwrap(), "SKIPPED a::test: needs avx512: no AVX-512\n");
    assert_eq!(of("slurm, avx2").unwrap(), of("").unwrap());
    for required in ["avx512", "slurm, avx512", "all"] {
        assert!(of(required).unwrap_err().starts_with("a::test needs avx512"), "{required}");
    }
}
