// Elementary functions of float32: computed in float64, rounded once.
#include "elementary.h"

float xm_exp(float x) { return xm_exp_of(x); }
float xm_log(float x) { return xm_log_of(x); }
float xm_sin(float x) { return xm_sine_of(x, 0); }
float xm_cos(float x) { return xm_sine_of(x, 1); }
double xm_exp64(double x) { return xm_exp_core(x); }
double xm_log64(double x) { return xm_log_core(x); }
