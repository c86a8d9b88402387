package bynder

// Elements is elements, for its fuzz target.
var Elements = elements
