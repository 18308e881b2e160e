"""From wanted states to the texts that nftables reads; nothing else in the house writes those texts."""
