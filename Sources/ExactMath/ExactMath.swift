// ExactMath
