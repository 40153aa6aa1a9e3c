"""Checks: whether a store keeps its promises (`soundness`), what others keep is what the history comes to (`drift`), a
replay gives what it gave (`result`), and a model's fold is pure (`purity`, by what `probe` sees of it while it runs).
`regression` writes a failing history as a test."""
