"""What many runs of a comparison say: spread, differences, votes, exports, and who may read them."""
