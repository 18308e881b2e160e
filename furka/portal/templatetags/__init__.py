"""What templates may call: `words` says times and amounts, `ui` draws what components need."""
