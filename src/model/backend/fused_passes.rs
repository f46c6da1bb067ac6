//! Of a backend that has none of the passes that a backend may have.

/// What such a backend has instead of attention of first tokens to hidden states and of layers in one pass: nothing, so that no
/// tape of them can exist.
macro_rules! without_fused_passes {
    () => {
        type StateProjections = std::convert::Infallible;
        type StatesTape = std::convert::Infallible;
        type BlockTape = std::convert::Infallible;

        fn state_projections(
            &self,
            _: &tch::Tensor,
            _: &tch::Tensor,
            _: i64,
        ) -> Result<Option<std::convert::Infallible>, $crate::model::compute_error::ComputeError> {
            Ok(None)
        }

        fn attention_to_states(
            &self,
            _: $crate::model::backend::Attended<'_, Self>,
            projections: &std::convert::Infallible,
            _: &tch::Tensor,
            _: &tch::Tensor,
            _: Vec<Option<$crate::model::dropout::Dropout>>,
        ) -> Result<(tch::Tensor, std::convert::Infallible), $crate::model::compute_error::ComputeError> {
            match *projections {}
        }

        fn attention_to_states_backward(
            &self,
            _: $crate::model::backend::Attended<'_, Self>,
            projections: &std::convert::Infallible,
            _: &std::convert::Infallible,
            _: &tch::Tensor,
        ) -> Result<(tch::Tensor, tch::Tensor), $crate::model::compute_error::ComputeError> {
            match *projections {}
        }

        fn after_attention(
            &self,
            _: &$crate::model::backend::LayerOf<Self>,
            _: $crate::model::graph::Activation,
            _: &tch::Tensor,
            _: &tch::Tensor,
            _: impl FnOnce() -> [$crate::model::dropout::RowDropouts; 2],
        ) -> Result<Option<(tch::Tensor, std::convert::Infallible)>, $crate::model::compute_error::ComputeError> {
            Ok(None)
        }

        fn after_attention_backward(
            &self,
            _: &$crate::model::backend::LayerOf<Self>,
            tape: &std::convert::Infallible,
            _: &tch::Tensor,
        ) -> Result<$crate::model::backend::ResidualGradients, $crate::model::compute_error::ComputeError> {
            match *tape {}
        }
    };
}
