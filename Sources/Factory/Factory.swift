// Factory
