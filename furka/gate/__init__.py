"""What every address must declare before it may answer: who may come in, and what they must hold."""
