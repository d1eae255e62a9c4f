import type { ScalarFunction } from '../function.ts'

/** A function of one DOUBLE. */
function unary(name: string, description: string, compute: (x: number) => number): ScalarFunction {
  return {
    kind: 'scalar',
    name,
    category: 'MATHEMATICAL',
    description,
    overloads: [
      { parameters: [{ name: 'value', type: 'DOUBLE' }], returns: 'DOUBLE', evaluate: compute },
    ],
  }
}

/** Functions of one DOUBLE that differ in nothing but the computation; out of their domain they give NaN or Infinity. */
export const doubleFunctions: readonly ScalarFunction[] = [
  unary('SQRT', 'Square root.', Math.sqrt),
  unary('CBRT', 'Cube root.', Math.cbrt),
  unary('EXP', 'e to the power of the value.', Math.exp),
  unary('LN', 'Natural logarithm.', Math.log),
  unary('SIN', 'Sine of radians.', Math.sin),
  unary('COS', 'Cosine of radians.', Math.cos),
  unary('TAN', 'Tangent of radians.', Math.tan),
  unary('COT', 'Cotangent of radians.', (x) => 1 / Math.tan(x)),
  unary('ASIN', 'Arc sine in radians.', Math.asin),
  unary('ACOS', 'Arc cosine in radians.', Math.acos),
  unary('ATAN', 'Arc tangent in radians.', Math.atan),
  unary('SINH', 'Hyperbolic sine.', Math.sinh),
  unary('COSH', 'Hyperbolic cosine.', Math.cosh),
  unary('TANH', 'Hyperbolic tangent.', Math.tanh),
  unary('DEGREES', 'Radians to degrees.', (x) => (x * 180) / Math.PI),
  unary('RADIANS', 'Degrees to radians.', (x) => (x / 180) * Math.PI),
]
